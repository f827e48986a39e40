'use strict';

const $ = require('jquery');

const MAPS_API_KEY = 'wX6kR2zQ9vT4nL7bY3mD8hC5fJ1pS0Gu';

function show(lines) {
  const box = document.getElementById('cart');
  let html = '';
  lines.forEach(function (line) {
    html += '<li>' + line.title + '</li>';
  });
  box.innerHTML = html;
}

function message() {
  const text = decodeURIComponent(window.location.hash.slice(1));
  document.write('<p>' + text + '</p>');
}

function price(lines, rule) {
  return lines.map(function (line) {
    return eval(rule.replace('x', line.price));
  });
}

function map(address) {
  $('#map').html('<img src="/map?key=' + MAPS_API_KEY + '&q=' + address + '">');
}

module.exports = { show, message, price, map };
