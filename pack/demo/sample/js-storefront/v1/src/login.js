'use strict';

function remember(token) {
  localStorage.setItem('token', token);
}

function challenge() {
  return Math.random().toString(16);
}

function back() {
  const next = new URLSearchParams(window.location.search).get('next');
  window.location.href = next;
}

module.exports = { remember, challenge, back };
