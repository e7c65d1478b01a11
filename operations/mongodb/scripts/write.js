// One acknowledged write of a majority in a database of its own, and how long it took in milliseconds.
(() => {
  const scratch = db.getSiblingDB("openova_verify");
  const from = Date.now();
  const done = scratch.rows.insertOne({ at: new Date() }, { writeConcern: { w: "majority", wtimeout: 10000 } });
  const took = Date.now() - from;
  scratch.dropDatabase();
  return { acknowledged: done.acknowledged, milliseconds: took };
})();
