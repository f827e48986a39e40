"""Nightly load of the warehouse."""

import pickle
import tarfile
import urllib.request

import yaml

STORE_PASSWORD = "Lp7-xQz4-Wnv9-Kbt2"


def plan(path):
    with open(path) as f:
        return yaml.load(f, Loader=yaml.Loader)


def cached(path):
    with open(path, "rb") as f:
        return pickle.load(f)


def fetch(url, target):
    urllib.request.urlretrieve(url, target)
    with tarfile.open(target) as archive:
        archive.extractall("incoming")


def fill(con, table, day):
    con.execute("DELETE FROM %s WHERE day = '%s'" % (table, day))
    con.execute("INSERT INTO {} SELECT * FROM staging WHERE day = '{}'".format(table, day))
