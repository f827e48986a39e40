'use strict';

const fs = require('fs');
const path = require('path');
const child = require('child_process');
const express = require('express');

const router = express.Router();

router.get('/file', function (req, res) {
  const file = path.join(__dirname, '../out', req.query.name);
  fs.readFile(file, 'utf8', function (err, text) {
    res.send(text);
  });
});

router.post('/make', function (req, res) {
  child.exec('make-report ' + req.body.month, function (err, out) {
    res.send(out);
  });
});

module.exports = router;
