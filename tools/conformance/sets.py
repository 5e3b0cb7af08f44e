"""Feature sets, executed: each member of a vector by its name, from what the vector shows.

What the features of views are, the caller says; this file knows nothing of events and windows.
"""
from expressions import Expression
from times import iso, milliseconds


def typed(value, kind):
    """A value as its type has it: whole numbers as doubles, instants as milliseconds."""
    if value is None:
        return None
    if kind == "timestamp":
        return milliseconds(value)
    return float(value) if kind == "double" else value


class FeatureSet:
    """A set over views: its members by name, in order, and its key fields' names by view."""

    def __init__(self, declaration, views):
        self.name, self.views = declaration["set"], views
        self.keys = declaration.get("keys", {})
        self.members = {}
        for member in declaration["features"]:
            if isinstance(member, str):
                member = {"feature": member}
            name = member.get("name", member.get("feature"))
            self.members[name] = (member.get("derive"), member.get("default"))

    def key(self, view):
        """What the spine calls the key fields of a view."""
        return [self.keys.get(view.name, {}).get(field, field) for field in view.entity]

    def feature(self, name):
        view, feature = name.split(".")
        return self.views[view], feature

    def kind(self, name):
        """The type of what stands in the vector, or is read, under a name."""
        derive = self.members.get(name, (None, None))[0]
        if derive is not None:
            return self.expression(derive).kind
        view, feature = self.feature(name)
        return view.kinds[feature]

    def expression(self, text):
        names = [f"{view.name}.{f}" for view in self.views.values() for f in view.features]
        derived = [name for name, (derive, _) in self.members.items() if derive is not None and derive != text]
        kinds = {name: self.kind(name) for name in names}
        kinds |= {name: self.kind(name) for name in derived if name in text}
        return Expression(text, kinds)

    def shown(self, name, read):
        """What the vector shows under a name; of what it does not show, the feature itself."""
        derive, default = self.members.get(name, (None, None))
        kind = self.kind(name)
        if derive is None:
            value = typed(read(name), kind)
        else:
            row = Row(lambda used: self.shown(used, read))
            value = typed_result(self.expression(derive).value(row), kind)
        return typed(default, kind) if value is None else value

    def vector(self, read):
        """The values in the order of the members, as JSON has them; `read` gives those of features."""
        found = []
        for name in self.members:
            value = self.shown(name, read)
            found.append(iso(value) if value is not None and self.kind(name) == "timestamp" else value)
        return found


def typed_result(value, kind):
    return float(value) if value is not None and kind == "double" else value


class Row:
    """Values by name that are found when they are asked for."""

    def __init__(self, find):
        self.find = find

    def __getitem__(self, name):
        return self.find(name)
