'use strict';

const express = require('express');
const mysql = require('mysql');
const axios = require('axios');
const xml2js = require('xml2js');
const settings = require('../lib/settings');

const router = express.Router();
const db = mysql.createConnection(settings.database);

router.get('/:id', function (req, res) {
  db.query('SELECT * FROM payment WHERE id = ?', [req.params.id], function (err, rows) {
    if (err) {
      return res.status(500).send(err.stack);
    }
    res.json(rows);
  });
});

router.post('/fee', function (req, res) {
  const fee = Number(req.body.amount) * settings.feeRate;
  res.json({ fee: fee });
});

router.get('/status/check', function (req, res) {
  axios.get(req.query.url).then(function (answer) {
    res.json(answer.data);
  });
});

router.get('/by/card', function (req, res) {
  const pattern = new RegExp(req.query.card);
  db.query('SELECT id, card FROM payment', function (err, rows) {
    res.json(rows.filter(function (row) { return pattern.test(row.card); }));
  });
});

router.post('/search', function (req, res) {
  const column = req.body.column;
  db.query(`SELECT * FROM payment ORDER BY ${column}`, function (err, rows) {
    res.json(rows);
  });
});

router.post('/import', function (req, res) {
  xml2js.parseString(req.body.xml, function (err, doc) {
    const rows = {};
    for (const key of Object.keys(doc)) {
      rows[key] = doc[key];
    }
    res.json(rows);
  });
});

module.exports = router;
