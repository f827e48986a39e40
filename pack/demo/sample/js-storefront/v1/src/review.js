'use strict';

const marked = require('marked');

function render(target, review) {
  target.insertAdjacentHTML('beforeend', marked(review.text));
}

function pick(options, name) {
  return options[name];
}

function highlight(text, word) {
  return text.replace(new RegExp(word, 'g'), '<b>' + word + '</b>');
}

window.addEventListener('message', function (event) {
  render(document.body, event.data);
});

module.exports = { render, pick, highlight };
