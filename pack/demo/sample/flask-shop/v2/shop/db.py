"""Access to the product and order tables."""

import logging
import sqlite3

from shop import config

log = logging.getLogger(__name__)


def connect():
    log.debug("opening %s", config.DATABASE)
    return sqlite3.connect(config.DATABASE)


def find_order(order_id):
    cur = connect().cursor()
    cur.execute("SELECT * FROM orders WHERE id = ?", (order_id,))
    return cur.fetchone()


def find_products(term):
    cur = connect().cursor()
    cur.execute("SELECT id, name, price FROM product WHERE name LIKE '%" + term + "%'")
    return cur.fetchall()


def add_order(customer, product, count):
    con = connect()
    con.execute(
        "INSERT INTO orders (customer, product, count) VALUES (?, ?, ?)",
        (customer, product, count),
    )
    con.commit()
