"""The two databases under the service: a new empty one for each test, and a way to look inside."""

import itertools
import sqlite3
from pathlib import Path

import postgres


class Sqlite:
    """A file."""

    name = "sqlite"

    def __init__(self, folder: Path):
        self.path = folder / "ledger.db"
        self.url = f"sqlite:{self.path}"

    def sql(self, text: str) -> list[tuple]:
        """What a statement answers; it is committed."""
        with sqlite3.connect(self.path, timeout=10) as database:
            return database.execute(text).fetchall()


class Postgres:
    """A database of a server that all tests share."""

    name = "postgres"
    count = itertools.count(1)

    def __init__(self, server: postgres.Postgres):
        self.url = server.create(f"test{next(self.count)}")

    def sql(self, text: str) -> list[tuple]:
        """What a statement answers, every value as text."""
        lines = postgres.query(self.url, text).splitlines()
        return [tuple(line.split("|")) for line in lines]


class Given(postgres.Postgres):
    """A server that somebody else runs: it makes databases, and is left alone otherwise."""

    def __init__(self, url: str):
        self.given = url

    def url(self, database: str | None = None) -> str:
        head, _, tail = self.given.partition("?")
        named = f"{head.rsplit('/', 1)[0]}/{database}" if database else head
        return f"{named}?{tail}" if tail else named

    def create(self, database: str) -> str:
        self.sql(f'drop database if exists "{database}"', None)
        self.sql(f'create database "{database}"', None)
        return self.url(database)

    def close(self) -> None:
        pass
