// What comes in: `id -u`. What goes out: the uid of the login; 0 needs no sudo.
import type { Fact } from './fact.js';

export const login: Fact = {
  name: 'login',
  command: 'id -u',
  parse: (output) => {
    const uid = /^\d{1,10}$/m.exec(output)?.[0];
    return uid === undefined ? {} : { uid: Number(uid) };
  },
};
