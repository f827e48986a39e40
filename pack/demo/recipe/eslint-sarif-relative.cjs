// ESLint's SARIF formatter writes the full address of each file. This wrapper makes it write
// the path below the folder that was scanned, and changes nothing else.
'use strict';

const path = require('path');
const url = require('url');

url.pathToFileURL = (file) => path.relative(process.cwd(), file).split(path.sep).join('/');

module.exports = require('@microsoft/eslint-formatter-sarif');
