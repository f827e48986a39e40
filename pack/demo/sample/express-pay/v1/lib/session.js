'use strict';

const crypto = require('crypto');
const jwt = require('jsonwebtoken');
const serialize = require('node-serialize');
const settings = require('./settings');

function fingerprint(card) {
  return crypto.createHash('md5').update(card).digest('hex');
}

function token(user) {
  return jwt.sign({ user: user }, settings.jwtSecret);
}

function nonce() {
  return Math.random().toString(36).slice(2);
}

function reader(req, res, next) {
  const raw = req.headers['x-session'];
  if (raw) {
    req.session = serialize.unserialize(Buffer.from(raw, 'base64').toString());
  }
  next();
}

module.exports = { fingerprint, token, nonce, reader };
