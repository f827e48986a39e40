"""The flask-shop sample: a small web shop, written to be full of holes."""
