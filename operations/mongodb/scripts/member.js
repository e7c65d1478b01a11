// What one member says of itself and of the set. A refused question is an answer too.
(() => {
  const ask = (command) => {
    try {
      return db.adminCommand(command);
    } catch (error) {
      return { ok: 0, codeName: error.codeName ?? error.name, errmsg: error.message };
    }
  };
  return {
    hello: ask({ hello: 1 }),
    status: ask({ replSetGetStatus: 1 }),
    config: ask({ replSetGetConfig: 1 }).config ?? null,
    options: ask({ getCmdLineOpts: 1 }).parsed ?? null,
    version: ask({ buildInfo: 1 }).version ?? null,
  };
})();
