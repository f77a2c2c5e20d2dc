// Package crashtest tests the real binary from outside: it kills it, cuts its
// power, fills its disk, ends it while it works, and takes its catalog away.
// What the server has acknowledged stands in a ledger, and whatever happened,
// every line of the ledger must be true afterwards. The client's verbs are
// killed as well, again and again until they come to their end, which must be
// the end that they come to undisturbed.
//
// There is no code here but tests. They build cmd/firn once and run it on
// temporary directories. Some need root and a Linux kernel, for file systems
// of their own; without those they are skipped and say so. FIRN_LONG=1 makes
// them long.
package crashtest
