// The pages of the console for whoever has signed in: pictures are made of all, and every one is tried for access and weight.

const q = encodeURIComponent;

// By name: a function that makes the path, of what furnish (scenery.mjs) returns.
export const pages = {
  vaults: () => "/console/vaults",
  vault: () => "/console/vault?vault=photos",
  archives: () => "/console/archives?vault=photos",
  upload: () => "/console/upload?vault=photos",
  archive: ({ archive }) => `/console/archive?vault=photos&archive=${q(archive)}`,
  jobs: () => "/console/jobs",
  job: ({ job }) => `/console/job?vault=photos&job=${q(job)}`,
  "job-waiting": ({ waiting }) => `/console/job?vault=video&job=${q(waiting)}`,
  "job-failed": ({ failed }) => `/console/job?vault=reports&job=${q(failed)}`,
  "job-select": ({ found }) => `/console/job?vault=reports&job=${q(found)}`,
  select: ({ csv }) => `/console/select?vault=reports&archive=${q(csv)}`,
  empty: () => "/console/empty?vault=photos",
  lock: () => "/console/lock?vault=photos",
  "lock-trial": () => "/console/lock?vault=contracts",
  "lock-locked": () => "/console/lock?vault=records",
  "lock-test": () => "/console/lock-test?vault=records&operation=DeleteArchive&age=400",
  "lock-complete": () => "/console/lock-complete?vault=contracts",
  policy: () => "/console/policy?vault=reports",
  tags: () => "/console/tags?vault=photos",
  notifications: () => "/console/notifications?vault=photos",
  system: () => "/console/system",
  capacity: () => "/console/capacity",
  topics: () => "/console/topics",
  topic: ({ topic }) => `/console/topic?topic=${q(topic)}`,
  users: () => "/console/users",
  user: ({ user }) => `/console/user?user=${q(user)}`,
  audit: () => "/console/audit",
};
