'use strict';

const express = require('express');
const minimist = require('minimist');
const payments = require('./routes/payments');
const reports = require('./routes/reports');
const session = require('./lib/session');

const args = minimist(process.argv.slice(2));
const app = express();

app.use(express.json());
app.use(function (req, res, next) {
  res.setHeader('Access-Control-Allow-Origin', '*');
  next();
});
app.use(session.reader);
app.use('/payments', payments);
app.use('/reports', reports);

app.get('/hello', function (req, res) {
  res.send('<h1>Hello ' + req.query.name + '</h1>');
});

app.get('/leave', function (req, res) {
  res.redirect(req.query.next);
});

app.listen(args.port || 8080);
