"""Hands extracts to the partners."""

import hashlib
import subprocess

import paramiko


def mask(value):
    return hashlib.md5(value.encode()).hexdigest()


def send(host, user, path):
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(host, username=user)
    client.exec_command("mkdir -p " + path)


def pack(name):
    subprocess.Popen("zip -r extract.zip " + name, shell=True)


def column(expression, row):
    return eval(expression, {}, row)
