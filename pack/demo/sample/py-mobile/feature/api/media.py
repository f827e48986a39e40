"""Pictures sent in from the phones."""

import os


def store(user, name, data):
    path = "/tmp/media/" + user + "/" + name
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, 0o777)
    return path


def thumbnail(path):
    os.system("convert " + path + " -resize 64 thumb.png")
