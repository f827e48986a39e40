"""Invoices as PDF."""

import os
import subprocess

import yaml


def load_layout(path):
    with open(path) as f:
        return yaml.safe_load(f)


def render(number):
    target = "/tmp/invoice-" + number + ".pdf"
    subprocess.call("mkpdf --number " + number + " --out " + target, shell=True)
    with open(target, "rb") as f:
        return f.read()


def archive(folder):
    os.system("tar czf archive.tgz " + folder)
