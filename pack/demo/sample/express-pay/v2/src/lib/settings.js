'use strict';

// All values are made up.
module.exports = {
  database: {
    host: 'db',
    user: 'pay',
    password: 'Tq4-wZn8-Lx2v-Rb7k',
  },
  acquirerApiKey: process.env.ACQUIRER_API_KEY,
  feeRate: 0.012,
  jwtSecret: 'mN5xQ2vB8kL1zR7tW4yH9cD3fJ6pS0gA',
};
