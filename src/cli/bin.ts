#!/usr/bin/env node
/** The command of the npm package. In the clone ./weft starts main.ts, through tsx. */
import './main.ts';
