package catalog

import (
	"strings"
	"testing"

	"firn/internal/record"
)

// No lookup may read a table from end to end: a vault has a million archives.
func TestEveryLookupUsesAnIndex(t *testing.T) {
	c := open(t)
	statements := []string{
		selectCounter, selectAccount, selectAccessKey, selectVault, selectVaultByID, selectVaults, selectNames, countVaults,
		selectAllVaults, selectTags, selectFigures, selectArchive, selectArchives, selectImported, someImported, selectSent, glanceUp, glanceDown, selectPayload, selectUpload,
		selectUploads, selectEnded, selectIdle, selectPart, selectParts, selectJob, selectJobs, selectJobsByStatus,
		selectUnfinished, glanceJobs, glanceUnfinished, glanceNewest, selectExpired, countPins, selectLeftovers, selectOrphans, sumInline, selectPayloads, lastPayload, lastTombstone,
		addFigures, putTomb, dropTomb, selectKeysOf, selectAccounts, selectUser, selectUserByID, selectUsers, countUsersNamed, countUsers,
		selectVaultPolicy, selectVaultLock, selectGuards, selectRetrievalPolicy, selectRetrievalUsage, sumStandard, selectCapacity,
		selectNotifications, selectTopic, selectTopicByID, selectTopics, countTopics, selectSubscription, selectSubscriptions,
		selectSubscriptionID, selectSubscribed, selectMessage, selectMessages, selectDelivery, selectDue, selectDeliveries, selectDead,
		countDeliveries, selectWaiting, selectQueue, selectQueueByID, selectQueues, selectAllQueues, countQueues, selectQueueMessage,
		selectQueueMessages, selectOldMessages, countQueueMessages,
	}
	for _, sh := range c.shapes.all() {
		statements = append(statements, sh.look, sh.put, sh.drop, sh.first)
	}
	w := <-c.writer
	defer func() { c.writer <- w }()
	for _, q := range statements {
		for _, step := range plan(t, w, q) {
			// The first row of a table may be found so, and the few rows that a
			// subquery has found.
			scan := strings.Contains(step, "SCAN") && !strings.HasSuffix(q, "LIMIT 1") && step != "SCAN leftovers"
			if scan || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s\n\t%s", q, step)
			}
		}
	}
	for _, sh := range c.shapes.all() {
		for _, step := range plan(t, w, sh.forAll) {
			if strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s\n\tsorts the whole table: %s", sh.forAll, step)
			}
		}
	}
}

// To begin with an index's first column is not to use it: that is a whole vault.
func TestLookupsByANumberOfATextReadNoVault(t *testing.T) {
	c := open(t)
	w := <-c.writer
	defer func() { c.writer <- w }()
	for q, want := range map[string]string{
		selectImported: "SEARCH archives USING INDEX archives_imported (vault=? AND imported=?)",
		selectSent:     "SEARCH archives USING INDEX archives_token (vault=? AND token=?)",
	} {
		if got := plan(t, w, q); len(got) != 1 || got[0] != want {
			t.Errorf("%s\n\t%q", q, got)
		}
	}
}

func plan(t *testing.T, s *session, q string) []string {
	t.Helper()
	args := make([]any, 0, 8)
	for i := 1; strings.Contains(q, "$"+string(rune('0'+i))); i++ {
		args = append(args, int64(i))
	}
	rows, err := s.query("EXPLAIN QUERY PLAN "+q, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var steps []string
	for rows.Next() {
		var id, parent, unused int64
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, detail)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}

// Kinds are found by their number.
func TestShapesAreInTheOrderOfKinds(t *testing.T) {
	sh := newShapes()
	for i, s := range sh.known {
		if int(s.kind) != i+1 || sh.of(s.kind) != s {
			t.Errorf("shape %d is of kind %d", i, s.kind)
		}
	}
	for _, k := range []int{0, len(sh.known) + 1, 255} {
		if sh.of(record.Kind(k)) != sh.other {
			t.Errorf("kind %d is known", k)
		}
	}
}
