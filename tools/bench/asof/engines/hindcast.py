"""Hindcast by its Python package: Arrow columns in, Arrow columns out, on a store that is there already."""
import hindcast

from features import names_of


class Package:
    def __init__(self, threads, scratch):
        self.threads = threads

    def load(self, store):
        self.store = hindcast.open(store)

    def take(self, spine):
        self.spine = spine

    def join(self, features):
        return self.store.join(self.spine, views=[f"account_activity:{names_of(features)}"], time="time",
                               threads=self.threads)

    def columns(self, answer, features):
        return [answer[feature.name].to_numpy() for feature in features]
