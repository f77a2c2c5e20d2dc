package sqlite_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"firn/internal/sqlite"
)

var errNo = errors.New("no")

// A log is what was made, transaction by transaction.
type log [][]string

// within is a transaction: what it makes is in the log, all or none.
func within(l *log, all []func(*[]string) error) error {
	var made []string
	for _, do := range all {
		if err := do(&made); err != nil {
			return err
		}
	}
	*l = append(*l, made)
	return nil
}

func change(name string, err error) func(*[]string) error {
	return func(made *[]string) error {
		*made = append(*made, name)
		return err
	}
}

// TestShared: changes that wait at a time are one transaction, and nobody fails for another's reason.
func TestShared(t *testing.T) {
	for _, row := range []struct {
		name string
		bad  string // of the changes a, b and c
		gone string // whoever wants it does not wait for it
		want log
	}{
		{"all together", "", "", log{{"a", "b", "c"}}},
		{"one fails", "b", "", log{{"a"}, {"c"}}},
		{"one is not waited for", "", "b", log{{"a", "c"}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, made := sqlite.NewShared(within), new(log)
				leave := func() {}
				results := map[string]chan error{}
				for _, name := range []string{"a", "b", "c"} {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					var err error
					if name == row.bad {
						err = errNo
					}
					if name == row.gone {
						leave = cancel
					}
					result := make(chan error, 1)
					results[name] = result
					go func() { result <- s.Do(ctx, change(name, err)) }()
					synctest.Wait()
				}
				leave()
				synctest.Wait()
				s.Turn <- made
				for name, result := range results {
					var want error
					switch name {
					case row.bad:
						want = errNo
					case row.gone:
						want = context.Canceled
					}
					if err := <-result; !errors.Is(err, want) {
						t.Errorf("%s: error %v, want %v", name, err, want)
					}
				}
				synctest.Wait()
				if diff := cmp.Diff(row.want, *made); diff != "" {
					t.Error(diff)
				}
				if len(s.Turn) != 1 {
					t.Error("nobody gave the turn back")
				}
			})
		})
	}
}

// TestSharedIsNotLeftOnceItIsBegun: then the result is that of the change.
func TestSharedIsNotLeftOnceItIsBegun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, made := sqlite.NewShared(within), new(log)
	s.Turn <- made
	err := s.Do(ctx, func(all *[]string) error {
		cancel()
		return change("a", nil)(all)
	})
	if diff := cmp.Diff(log{{"a"}}, *made); err != nil || diff != "" {
		t.Errorf("error %v, made %s", err, diff)
	}
	if err := s.Do(ctx, change("b", nil)); !errors.Is(err, context.Canceled) || len(*made) != 1 {
		t.Errorf("error %v, made %v", err, *made)
	}
}
