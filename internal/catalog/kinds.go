package catalog

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"firn/glacier"
	"firn/internal/record"
)

// A shape says how the entities of one kind are kept: in which table, under
// which key columns, and with which further columns, taken from the image,
// that queries need. The statements of the fold are made from it once.
type shape struct {
	kind    record.Kind // 0: the entities of all kinds that this version does not know
	table   string
	keys    []string
	columns []string
	counts  string // what a row adds to its vault's archives and bytes, in SQL
	extract func(im record.Image) (facts, error)

	look   string // an entity's row and tombstone: LSN, which of the two, archives, bytes
	put    string
	drop   string
	first  string // LSN of the first row
	forAll string // every row and tombstone by key: kind, a, b, LSN, 1 for a tombstone, image
}

// facts are what a shape needs to know of an image.
type facts struct {
	values   []any // of the shape's columns
	archives int64 // what it adds to its vault's figures
	bytes    int64
}

// shapes are the known kinds, and the table for the others.
type shapes struct {
	known []*shape // by kind
	other *shape
}

func newShapes() shapes {
	s := shapes{known: []*shape{
		{kind: record.KindCounter, table: "counters", keys: []string{"id"}, extract: extract(func(*record.Counter) []any { return nil })},
		{kind: record.KindAccount, table: "accounts", keys: []string{"id"}, extract: extract(func(*record.Account) []any { return nil })},
		{kind: record.KindAccessKey, table: "access_keys", keys: []string{"id"}, columns: []string{"name", "account", "owner"},
			extract: extract(func(k *record.AccessKey) []any { return []any{k.ID, accountNumber(k.Account), num(k.User)} })},
		{kind: record.KindVault, table: "vaults", keys: []string{"id"}, columns: []string{"account", "name"},
			extract: extract(func(v *record.Vault) []any { return []any{accountNumber(v.Account), string(v.Name)} })},
		{kind: record.KindTags, table: "tags", keys: []string{"vault"}, extract: extract(func(*record.Tags) []any { return nil })},
		{kind: record.KindArchive, table: "archives", keys: []string{"vault", "id"}, columns: []string{"size", "deleted", "imported", "token"},
			counts: "1 - deleted, size * (1 - deleted)", extract: extractArchive},
		{kind: record.KindUpload, table: "uploads", keys: []string{"vault", "id"}, columns: []string{"created", "ended"},
			extract: extract(func(u *record.Upload) []any { return []any{u.Created, u.Ended} })},
		{kind: record.KindPart, table: "parts", keys: []string{"upload", "place"}, columns: []string{"received"},
			extract: extract(func(p *record.Part) []any { return []any{p.Received} })},
		{kind: record.KindJob, table: "jobs", keys: []string{"vault", "id"}, columns: []string{"status", "done", "expires", "pinned", "standard"},
			extract: extract(jobColumns)},
		{kind: record.KindPayload, table: "payloads", keys: []string{"id"}, columns: []string{"stored", "size"},
			extract: extract(func(p *record.Payload) []any { return []any{num(uint64(p.LSN)), p.Size} })},
		{kind: record.KindClock, table: "clocks", keys: []string{"id"}, extract: extract(func(*record.Clock) []any { return nil })},
		{kind: record.KindUser, table: "users", keys: []string{"id"}, columns: []string{"account", "name"},
			extract: extract(func(u *record.User) []any { return []any{accountNumber(u.Account), u.Name} })},
		{kind: record.KindVaultPolicy, table: "vault_policies", keys: []string{"vault"}, extract: extract(func(*record.VaultPolicy) []any { return nil })},
		{kind: record.KindVaultLock, table: "vault_locks", keys: []string{"vault"}, extract: extract(func(*record.VaultLock) []any { return nil })},
		{kind: record.KindRetrievalPolicy, table: "retrieval_policies", keys: []string{"account"}, extract: extract(func(*record.RetrievalPolicy) []any { return nil })},
		{kind: record.KindRetrievalUsage, table: "retrieval_usage", keys: []string{"account"}, extract: extract(func(*record.RetrievalUsage) []any { return nil })},
		{kind: record.KindCapacity, table: "capacity", keys: []string{"id"}, columns: []string{"account", "expires"},
			extract: extract(func(c *record.Capacity) []any { return []any{accountNumber(c.Account), c.Expires} })},
		{kind: record.KindNotifications, table: "notifications", keys: []string{"vault"}, extract: extract(func(*record.Notifications) []any { return nil })},
		{kind: record.KindTopic, table: "topics", keys: []string{"id"}, columns: []string{"account", "name"},
			extract: extract(func(t *record.Topic) []any { return []any{accountNumber(t.Account), t.Name} })},
		{kind: record.KindSubscription, table: "subscriptions", keys: []string{"topic", "id"}, columns: []string{"account", "public"},
			extract: extract(func(s *record.Subscription) []any { return []any{accountNumber(s.Account), s.Public} })},
		{kind: record.KindMessage, table: "messages", keys: []string{"topic", "id"}, extract: extract(func(*record.Message) []any { return nil })},
		{kind: record.KindDelivery, table: "deliveries", keys: []string{"subscription", "message"}, columns: []string{"topic", "due", "dead"},
			extract: extract(func(d *record.Delivery) []any { return []any{num(d.Topic), d.Next, d.Dead} })},
		{kind: record.KindQueue, table: "queues", keys: []string{"id"}, columns: []string{"account", "name"},
			extract: extract(func(q *record.Queue) []any { return []any{accountNumber(q.Account), q.Name} })},
		{kind: record.KindQueueMessage, table: "queue_messages", keys: []string{"queue", "id"}, columns: []string{"sent"},
			extract: extract(func(m *record.QueueMessage) []any { return []any{m.Sent} })},
	}}
	s.other = &shape{table: "other", keys: []string{"kind", "a", "b"},
		extract: func(record.Image) (facts, error) { return facts{}, nil }}
	for _, sh := range s.all() {
		sh.write()
	}
	return s
}

// all lists every shape, the one for unknown kinds last.
func (s shapes) all() []*shape { return append(slices.Clip(s.known), s.other) }

// of returns the shape of a kind.
func (s shapes) of(k record.Kind) *shape {
	if i := int(k) - 1; 0 <= i && i < len(s.known) {
		return s.known[i]
	}
	return s.other
}

// write makes the statements.
func (s *shape) write() {
	if s.counts == "" {
		s.counts = "0, 0"
	}
	n := len(s.keys)
	where := make([]string, n)
	for i, k := range s.keys {
		where[i] = fmt.Sprintf("%s = $%d", k, i+1)
	}
	match := strings.Join(where, " AND ")
	s.look = fmt.Sprintf("SELECT lsn, 0, %s FROM %s WHERE %s UNION ALL SELECT lsn, 1, 0, 0 FROM tomb WHERE kind = $%d AND a = $%d AND b = $%d",
		s.counts, s.table, match, n+1, n+2, n+3)
	s.drop = fmt.Sprintf("DELETE FROM %s WHERE %s", s.table, match)
	s.first = fmt.Sprintf("SELECT lsn FROM %s ORDER BY %s LIMIT 1", s.table, strings.Join(s.keys, ", "))
	s.put = s.writePut()
	s.forAll = s.writeForAll()
}

func (s *shape) writePut() string {
	rest := append(slices.Clone(s.columns), "lsn", "image")
	all := append(slices.Clone(s.keys), rest...)
	values := make([]string, len(all))
	for i := range all {
		values[i] = fmt.Sprintf("$%d", i+1)
	}
	set := make([]string, len(rest))
	for i, c := range rest {
		set[i] = c + " = excluded." + c
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (%s) DO UPDATE SET %s",
		s.table, strings.Join(all, ", "), strings.Join(values, ", "), strings.Join(s.keys, ", "), strings.Join(set, ", "))
}

func (s *shape) writeForAll() string {
	const dead = " UNION ALL SELECT kind, a, b, lsn, 1, NULL FROM tomb WHERE "
	kind, a, b, order := "kind", "a", "b", "1, 2, 3"
	whose := fmt.Sprintf("kind < %d OR kind > %d", record.KindCounter, record.LastKind)
	if s.kind != 0 {
		kind, a, b = fmt.Sprint(s.kind), s.keys[0], "0"
		whose, order = "kind = "+kind, "2, 3"
	}
	if s.kind != 0 && len(s.keys) == 2 {
		b = s.keys[1]
	}
	return fmt.Sprintf("SELECT %s AS kind, %s AS a, %s AS b, lsn, 0 AS dead, image FROM %s", kind, a, b, s.table) +
		dead + whose + " ORDER BY " + order
}

// key returns the values of the key columns, and room for more.
func (s *shape) key(k record.Key) ([]any, error) {
	args := make([]any, 0, 8)
	switch len(s.keys) {
	case 1:
		if k.B != 0 {
			return nil, fmt.Errorf("key %v has a second half", k)
		}
		return append(args, num(k.A)), nil
	case 2:
		return append(args, num(k.A), num(k.B)), nil
	default:
		return append(args, int64(k.Kind), num(k.A), num(k.B)), nil
	}
}

// entity is the pointer type of an entity.
type entity[E any] interface {
	*E
	record.Entity
}

// extract makes an extract function of one that lists an entity's columns.
func extract[E any, P entity[E]](columns func(P) []any) func(record.Image) (facts, error) {
	return func(im record.Image) (facts, error) {
		e, err := decode[E, P](im)
		if err != nil {
			return facts{}, err
		}
		return facts{values: columns(e)}, nil
	}
}

// decode returns the entity in an image that says that it holds it.
func decode[E any, P entity[E]](im record.Image) (P, error) {
	e := P(new(E))
	if err := record.Decode(im.Body, e); err != nil {
		return nil, err
	}
	if e.Key() != im.Key {
		return nil, errors.New("image is of another entity than its key says")
	}
	return e, nil
}

func extractArchive(im record.Image) (facts, error) {
	a, err := decode[record.Archive](im)
	if err != nil {
		return facts{}, err
	}
	var imported, token any // NULL: the indexes have no others
	if a.Imported != 0 {
		imported = textNumber(string(a.Public))
	}
	if a.Deleted {
		return facts{values: []any{a.Size, int64(1), imported, token}}, nil
	}
	if a.Token != "" {
		token = textNumber(string(a.Token))
	}
	return facts{values: []any{a.Size, int64(0), imported, token}, archives: 1, bytes: a.Size}, nil
}

func jobColumns(j *record.Job) []any {
	var done, expires, pinned, standard int64
	if j.Status != glacier.InProgress {
		done, expires = 1, j.Expires
	}
	switch j.Action {
	case glacier.ActionArchiveRetrieval:
		pinned = num(j.Archive)
		if done == 0 && j.Tier == glacier.Standard {
			standard = j.Last - j.First + 1
		}
	case glacier.ActionSelect:
		pinned = num(j.Archive)
	}
	return []any{j.Status, done, expires, pinned, standard}
}

func accountNumber(id glacier.AccountID) int64 { return num(record.AccountKey(id).A) }

// num is a number as the database keeps it. Numbers from 2^63 on are never
// handed out; as keys they find nothing.
func num(n uint64) int64 { return int64(n) }

// bound is the end of a range of numbers, which may be beyond all that exist.
func bound(n uint64) int64 { return int64(min(n, math.MaxInt64)) }
