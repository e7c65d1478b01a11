// Which member answers a read with the read preference of the URI.
(() => {
  const preference = db.getMongo().getReadPref();
  const answer = db.getSiblingDB("admin").runCommand({ hello: 1 }, { readPreference: preference });
  return { me: answer.me, tags: answer.tags ?? {} };
})();
