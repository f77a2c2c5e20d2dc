package job

import (
	"math"
	"testing"
	"time"

	"firn/glacier"
	"firn/internal/catalog"
	"firn/internal/record"
)

const denied = "InitiateJob request denied by current data retrieval policy."

// sized puts the record of an archive into a vault of an account. It has no
// bytes: jobs for it can be begun, and not be done.
func (h *house) sized(account glacier.AccountID, size int64) record.Archive {
	h.t.Helper()
	if err := h.vaults.CreateVault(h.t.Context(), account, photos); err != nil {
		h.t.Fatal(err)
	}
	var v record.Vault
	err := h.View(h.t.Context(), func(tx *catalog.Tx) (err error) {
		v, _, err = tx.Vault(account, photos)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return h.put(record.Archive{Vault: v.ID, Size: size})
}

// ask begins a job for an archive of so many bytes, of nobody else's interest.
func (h *house) ask(account glacier.AccountID, size int64, tier string) error {
	h.t.Helper()
	a := h.sized(account, size)
	_, err := h.InitiateJob(h.t.Context(), account, account, photos, parameters(h.t, retrieval(a, `,"Tier":"`+tier+`"`)))
	return err
}

func (h *house) accepted(size int64) {
	h.t.Helper()
	if err := h.ask(owner, size, glacier.Standard); err != nil {
		h.t.Errorf("%d bytes: %v", size, err)
	}
}

// denied expects that a Standard retrieval is refused and leaves nothing.
func (h *house) denied(size int64) {
	h.t.Helper()
	before, jobs := h.usage(), len(h.jobs(h.t, 0))
	refused(h.t, h.ask(owner, size, glacier.Standard), glacier.PolicyEnforced, denied)
	if after := h.usage(); after.Day != before.Day || after.Bytes != before.Bytes {
		h.t.Errorf("a refused job was counted: %d bytes of day %d, now %d of %d", before.Bytes, before.Day, after.Bytes, after.Day)
	}
	if n := len(h.jobs(h.t, 0)); n != jobs {
		h.t.Error("a refused job left a record")
	}
}

func (h *house) usage() (u record.RetrievalUsage) {
	h.t.Helper()
	err := h.View(h.t.Context(), func(tx *catalog.Tx) (err error) {
		u, err = tx.RetrievalUsage(owner)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return u
}

// instant reads an instant as people write it.
func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02 15:04:05.999", s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// houseAt makes a house at an instant.
func houseAt(t *testing.T, s string, change ...func(*Config)) *house {
	t.Helper()
	st := newMemStore(t)
	st.ahead = time.Until(instant(t, s))
	return furnish(t, st, change...)
}

// at sets the store's clock.
func (h *house) at(s string) {
	h.t.Helper()
	h.advance(instant(h.t, s).Sub(h.memStore.now()))
}

func free(bytes int64) func(*Config) { return func(c *Config) { c.FreeRetrieval = bytes } }

func TestBytesPerHour(t *testing.T) {
	const most = glacier.MaxArchiveSize
	for _, tt := range []struct {
		name    string
		perHour int64
		running []int64
		job     int64
		fits    bool
	}{
		{"exact fit", 100, nil, 400, true},
		{"one byte more", 100, nil, 401, false},
		{"one byte less", 100, nil, 399, true},
		{"exact fit beside others", 100, []int64{150, 249}, 1, true},
		{"one byte more beside others", 100, []int64{150, 249}, 2, false},
		{"others fill it", 100, []int64{400}, 1, false},
		{"others are beyond it", 100, []int64{500}, 1, false},
		{"rounded down it would fit", 1, nil, 5, false},
		{"least of all", 1, nil, 1, true},
		{"largest archive, exact fit", most / 4, nil, most, true},
		{"largest archive, one byte less an hour", most/4 - 1, nil, most, false},
		{"largest number", math.MaxInt64, []int64{most, most}, most, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t)
			for _, n := range tt.running {
				h.accepted(n)
			}
			h.setPolicy(owner, perHour(tt.perHour))
			if tt.fits {
				h.accepted(tt.job)
			} else {
				h.denied(tt.job)
			}
		})
	}
	if exceeds(math.MaxInt64, math.MaxInt64, math.MaxInt64) || !exceeds(math.MaxInt64, math.MaxInt64, math.MaxInt64/2) {
		t.Error("sums beyond 63 bits are not understood")
	}
}

func TestBytesPerHourCountsWhatIsInProgress(t *testing.T) {
	h := newHouse(t)
	h.setPolicy(owner, perHour(1))
	a := h.small(photos, "abcd")
	first := h.begin(retrieval(a, ""))
	h.denied(1)
	h.setPolicy(owner, noLimit)
	second := h.begin(retrieval(a, ""))
	h.setPolicy(owner, perHour(1))
	h.denied(1)
	h.start()
	h.await(first)
	h.await(second)
	h.run(retrieval(a, ""))

	large := h.store(photos, "", pattern(3*mib+5), mib)
	h.setPolicy(owner, perHour(mib/4))
	h.run(retrieval(large, `,"RetrievalByteRange":"1048576-2097151"`))
	h.denied(mib + 1)
}

func TestPolicyExemptions(t *testing.T) {
	for _, rule := range []string{perHour(1), freeTier} {
		t.Run(rule, func(t *testing.T) {
			h := newHouse(t, free(31*4))
			h.setPolicy(owner, rule)
			for _, tier := range []string{glacier.Expedited, glacier.Bulk} {
				if err := h.ask(owner, 1000, tier); err != nil {
					t.Errorf("%s: %v", tier, err)
				}
			}
			h.begin(`{"Type":"inventory-retrieval"}`)
			h.begin(`{"Type":"inventory-retrieval","Tier":"Standard"}`)
			if err := h.ask(stranger, 1000, glacier.Standard); err != nil {
				t.Errorf("another account: %v", err)
			}
			if u := h.usage(); u.Bytes != 0 {
				t.Errorf("%d bytes were counted", u.Bytes)
			}
			h.accepted(4) // Nothing so far was in its way.
			h.denied(1000)
		})
	}
}

func TestPolicyComesLast(t *testing.T) {
	h := newHouse(t)
	h.setPolicy(owner, perHour(1))
	a := h.sized(owner, 4*mib)
	for _, tt := range []struct {
		name, parameters string
		code             glacier.Code
		message          string
	}{
		{"bad parameter", retrieval(a, `,"Tier":"Instant"`), glacier.InvalidParameterValue, "Invalid tier: Instant"},
		{"unknown archive", `{"Type":"archive-retrieval","ArchiveId":"x"}`, glacier.ResourceNotFound, "The archive ID was not found: x"},
		{"too much", retrieval(a, ""), glacier.PolicyEnforced, denied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := h.InitiateJob(t.Context(), owner, owner, photos, parameters(t, tt.parameters))
			refused(t, err, tt.code, tt.message)
		})
	}
}

func TestFreeTierByDay(t *testing.T) {
	h := houseAt(t, "2024-01-30 09:00:00", free(3100)) // 100 bytes a day in January
	h.accepted(60)
	h.setPolicy(owner, freeTier)
	h.denied(41) // The morning counts.
	h.accepted(40)
	h.denied(1)
	h.at("2024-01-30 23:00:00")
	h.denied(1)

	h.at("2024-01-31 00:00:00")
	h.denied(101)
	h.accepted(100)
	h.at("2024-01-29 12:00:00")
	h.denied(1) // The clock went back: it is the day that it was.

	h.at("2024-02-01 00:00:00")
	h.denied(107)
	h.accepted(106) // A 29th of it.
	h.denied(1)
	h.at("2024-02-20 00:00:00")
	h.denied(107) // What days leave is lost.
	h.setPolicy(owner, noLimit)
	huge := h.sized(owner, math.MaxInt64/2)
	for range 3 {
		h.begin(retrieval(huge, ""))
	}
	h.setPolicy(owner, freeTier)
	h.denied(1)
	if u := h.usage(); u.Bytes != math.MaxInt64 {
		t.Errorf("%d bytes in use", u.Bytes)
	}
	h.at("2024-02-21 00:00:00")
	h.accepted(106)
}

func TestFreeTierByDefault(t *testing.T) {
	h := houseAt(t, "2023-04-10 12:00:00")
	h.setPolicy(owner, freeTier)
	h.denied(10<<30/30 + 1)
	h.accepted(10 << 30 / 30)
	h.denied(1)
}

func TestShare(t *testing.T) {
	for _, tt := range []struct {
		day  string
		want int64
	}{
		{"2023-01-31", 100_000 / 31},
		{"2023-02-01", 100_000 / 28},
		{"2024-02-29", 100_000 / 29},
		{"2000-02-10", 100_000 / 29},
		{"2100-02-10", 100_000 / 28},
		{"2023-04-30", 100_000 / 30},
		{"2023-12-31", 100_000 / 31},
	} {
		t.Run(tt.day, func(t *testing.T) {
			day := instant(t, tt.day+" 00:00:00").Unix() / daySeconds
			if got := share(100_000, day); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}

func TestToday(t *testing.T) {
	for _, tt := range []struct {
		name      string
		at        string
		day, want int64 // days since the epoch
		kept      bool
	}{
		{"first retrieval ever", "2024-01-30 12:00:00", 0, 19752, false},
		{"same day", "2024-01-30 23:59:59.999", 19752, 19752, true},
		{"next day", "2024-01-31 00:00:00", 19752, 19753, false},
		{"clock went back a day", "2024-01-29 23:59:59", 19752, 19752, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			u := record.RetrievalUsage{Day: tt.day, Bytes: 5}
			today(&u, instant(t, tt.at))
			if u.Day != tt.want || (u.Bytes == 5) != tt.kept {
				t.Errorf("%d bytes of day %d", u.Bytes, u.Day)
			}
		})
	}
}

func TestChargeIsInTheRecordOfTheJob(t *testing.T) {
	h := newHouse(t)
	for _, tt := range []struct {
		tier string
		want []record.Kind
	}{
		{glacier.Standard, []record.Kind{record.KindRetrievalUsage, record.KindJob}},
		{glacier.Bulk, []record.Kind{record.KindJob}},
		{glacier.Expedited, []record.Kind{record.KindJob}},
	} {
		t.Run(tt.tier, func(t *testing.T) {
			if err := h.ask(owner, 5, tt.tier); err != nil {
				t.Fatal(err)
			}
			all := h.memStore.log(0)
			var got []record.Kind
			for _, im := range all[len(all)-1].Images {
				got = append(got, im.Key.Kind)
			}
			h.same("kinds of images", tt.want, got)
		})
	}
}
