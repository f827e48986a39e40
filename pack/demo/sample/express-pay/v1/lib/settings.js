'use strict';

// All values are made up.
module.exports = {
  database: {
    host: 'db',
    user: 'pay',
    password: 'Tq4-wZn8-Lx2v-Rb7k',
  },
  acquirerApiKey: 'r8Wq3ZkT6vNx1LmB9dYh5Gc2Fj7Ps4Ua',
  jwtSecret: 'mN5xQ2vB8kL1zR7tW4yH9cD3fJ6pS0gA',
};
