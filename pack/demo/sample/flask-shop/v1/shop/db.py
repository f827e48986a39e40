"""Access to the product and order tables."""

import sqlite3

from shop import config


def connect():
    return sqlite3.connect(config.DATABASE)


def find_products(term):
    cur = connect().cursor()
    cur.execute("SELECT id, name, price FROM product WHERE name LIKE '%" + term + "%'")
    return cur.fetchall()


def find_order(order_id):
    cur = connect().cursor()
    cur.execute(f"SELECT * FROM orders WHERE id = {order_id}")
    return cur.fetchone()


def add_order(customer, product, count):
    con = connect()
    con.execute(
        "INSERT INTO orders (customer, product, count) VALUES (?, ?, ?)",
        (customer, product, count),
    )
    con.commit()
