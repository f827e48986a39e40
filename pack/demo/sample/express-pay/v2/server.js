'use strict';

const express = require('express');
const minimist = require('minimist');
const payments = require('./src/routes/payments');
const reports = require('./src/routes/reports');
const session = require('./src/lib/tokens');

const args = minimist(process.argv.slice(2));
const app = express();

app.disable('x-powered-by');

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

app.listen(args.port || 8080);
