"""Passwords and vouchers."""

import hashlib
import os
import random

from shop import db


def digest(password, salt=None):
    salt = salt or os.urandom(16)
    return salt + hashlib.scrypt(password.encode(), salt=salt, n=16384, r=8, p=1)


def check(user, password):
    cur = db.connect().cursor()
    cur.execute("SELECT digest FROM customer WHERE name = ?", (user,))
    row = cur.fetchone()
    return row is not None and row[0] == digest(password, row[0][:16])


def voucher():
    return "".join(random.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(8))
