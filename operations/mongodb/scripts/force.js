// Keeps the members of these addresses and drops all others, without a majority. MEMBERS and VERSION are filled in.
(() => {
  const keep = MEMBERS;
  const config = db.adminCommand({ replSetGetConfig: 1 }).config;
  if (config.version !== VERSION) {
    throw new Error(`the configuration is now version ${config.version}, and was VERSION when it was looked at`);
  }
  if (db.adminCommand({ replSetGetStatus: 1 }).members.some((member) => member.stateStr === "PRIMARY")) {
    throw new Error("a primary is seen: nothing is to be forced");
  }
  config.members = config.members.filter((member) => keep.includes(member.host));
  let votes = 0;
  for (const member of config.members) {
    member.votes = 1;
    member.priority = Math.max(member.priority, 1);
    votes += 1;
  }
  if (votes % 2 === 0) {
    const last = config.members[config.members.length - 1];
    Object.assign(last, { votes: 0, priority: 0 });
  }
  return rs.reconfig(config, { force: true });
})();
