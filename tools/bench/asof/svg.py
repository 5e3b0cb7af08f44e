"""A chart of lines on two logarithmic scales as SVG: light or dark as the reader's system is, and with each
line's name at its end instead of a legend."""
from dataclasses import dataclass
from html import escape
from math import log10

WIDTH, HEIGHT = 800, 440
LEFT, RIGHT, TOP, BOTTOM = 76, 236, 66, 60
LINE = 17

STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
  .back { fill: #ffffff } .grid { stroke: #d8dee4 } .axis { stroke: #59636e } .faint { fill: #59636e }
  .title { font-size: 16px; font-weight: 600 } .strong { font-weight: 700 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .back { fill: #0d1117 } .grid { stroke: #2d333b } .axis { stroke: #9198a1 }
    .faint { fill: #9198a1 }
  }
"""


@dataclass(frozen=True)
class Pen:
    light: str
    dark: str
    dashes: str = ""
    is_strong: bool = False


@dataclass
class Line:
    name: str
    points: list
    pen: Pen


@dataclass
class Axis:
    label: str
    ticks: list
    """(value, text) pairs; the first and the last are the ends."""

    def place(self, value, start, end):
        low, high = log10(self.ticks[0][0]), log10(self.ticks[-1][0])
        share = (log10(value) - low) / (high - low) if high > low else 0.5
        return start + share * (end - start)


class Chart:
    def __init__(self, title, subtitle, across, up, lines):
        self.title, self.subtitle, self.across, self.up, self.lines = title, subtitle, across, up, lines

    def text(self):
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
            f'height="{HEIGHT}" role="img">',
            f"<title>{escape(self.title)}. {escape(self.subtitle)}</title>",
            f"<style>{STYLE}{self.pens()}</style>",
            f'<rect class="back" width="{WIDTH}" height="{HEIGHT}"/>',
            f'<text class="title" x="{LEFT}" y="28">{escape(self.title)}</text>',
            f'<text class="faint" x="{LEFT}" y="48">{escape(self.subtitle)}</text>',
            *self.grid(), *self.curves(), *self.names(), "</svg>", ""]
        return "\n".join(parts)

    def pens(self):
        light = "".join(self.rules(place, line.pen.light) for place, line in enumerate(self.lines))
        dark = "".join(self.rules(place, line.pen.dark) for place, line in enumerate(self.lines))
        return f"{light}\n  @media (prefers-color-scheme: dark) {{{dark}\n  }}\n"

    @staticmethod
    def rules(place, colour):
        return f"\n  .s{place} {{ stroke: {colour} }} .f{place} {{ fill: {colour} }}"

    def x(self, value):
        return self.across.place(value, LEFT, WIDTH - RIGHT)

    def y(self, value):
        return self.up.place(value, HEIGHT - BOTTOM, TOP)

    def grid(self):
        bottom, end = HEIGHT - BOTTOM, WIDTH - RIGHT
        for value, text in self.up.ticks:
            y = self.y(value)
            yield f'<path class="grid" d="M{LEFT} {y:.1f}H{end}"/>'
            yield f'<text class="faint" x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{text}</text>'
        for value, text in self.across.ticks:
            x = self.x(value)
            yield f'<path class="axis" d="M{x:.1f} {bottom}v5"/>'
            yield f'<text class="faint" x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{text}</text>'
        middle, height = (LEFT + end) / 2, (TOP + bottom) / 2
        yield f'<path class="axis" d="M{LEFT} {bottom}H{end}"/>'
        yield (f'<text x="{middle:.1f}" y="{bottom + 44}" text-anchor="middle">'
               f"{escape(self.across.label)}</text>")
        yield (f'<text transform="translate(18 {height:.1f}) rotate(-90)" text-anchor="middle">'
               f"{escape(self.up.label)}</text>")

    def curves(self):
        for place, line in reversed(list(enumerate(self.lines))):
            places = [(self.x(x), self.y(y)) for x, y in line.points]
            path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
            width = 3.2 if line.pen.is_strong else 1.8
            dashes = f' stroke-dasharray="{line.pen.dashes}"' if line.pen.dashes else ""
            yield f'<path class="s{place}" d="M{path}" fill="none" stroke-width="{width}"{dashes}/>'
            radius = 3.6 if line.pen.is_strong else 2.8
            for x, y in places:
                yield f'<circle class="f{place}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'

    def names(self):
        """At the ends of the lines, moved apart where they would touch, and then tied to their ends."""
        ends = [(self.y(line.points[-1][1]), place) for place, line in enumerate(self.lines)]
        heights = apart([y for y, _ in sorted(ends)], LINE, TOP, HEIGHT - BOTTOM)
        for (end, place), y in zip(sorted(ends), heights):
            line = self.lines[place]
            x, left = self.x(line.points[-1][0]), WIDTH - RIGHT + 22
            yield (f'<path class="s{place}" d="M{x + 6:.1f} {end:.1f}L{left - 4} {y:.1f}" fill="none" '
                   'stroke-width="1" stroke-opacity="0.5"/>')
            strong = " strong" if line.pen.is_strong else ""
            yield f'<text class="f{place}{strong}" x="{left}" y="{y + 4.5:.1f}">{escape(line.name)}</text>'


def apart(places, least, low, high):
    """Places in ascending order, moved as little as may be so that each is at least so far from the next."""
    groups = []
    for index, place in enumerate(places):
        groups.append((place - index * least, 1))
        while len(groups) > 1 and groups[-2][0] > groups[-1][0]:
            (last, many), (before, few) = groups.pop(), groups.pop()
            groups.append(((last * many + before * few) / (many + few), many + few))
    flat = [place for place, count in groups for _ in range(count)]
    moved = [place + index * least for index, place in enumerate(flat)]
    over = max(0, moved[-1] - high) if moved else 0
    return [max(place - over, low + index * least) for index, place in enumerate(moved)]
