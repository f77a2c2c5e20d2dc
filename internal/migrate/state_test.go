package migrate_test

import (
	"database/sql"
	"errors"
	"os"
	"strings"
	"testing"

	"firn/internal/migrate"
)

func TestOpenStateRefuses(t *testing.T) {
	exec := func(q string) func(t *testing.T, file string) {
		return func(t *testing.T, file string) {
			db, err := sql.Open("sqlite", file)
			must(t, err)
			_, err = db.ExecContext(t.Context(), q)
			must(t, err)
			must(t, db.Close())
		}
	}
	for _, row := range []struct {
		name  string
		spoil func(t *testing.T, file string)
		want  error
	}{
		{"a newer version", exec("PRAGMA user_version = 2"), migrate.ErrNewer},
		{"another program's database", exec("PRAGMA application_id = 5"), migrate.ErrForeign},
		{"a text", func(t *testing.T, file string) {
			must(t, os.WriteFile(file, []byte(strings.Repeat("no database\n", 1000)), 0o600))
		}, migrate.ErrDamaged},
	} {
		t.Run(row.name, func(t *testing.T) {
			file := stateFile(t)
			s, err := migrate.OpenState(t.Context(), file)
			must(t, err)
			must(t, s.Close())
			row.spoil(t, file)
			if _, err = migrate.OpenState(t.Context(), file); !errors.Is(err, row.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("opened: %v", err)
			}
		})
	}
}

func TestStateOfAnotherMigration(t *testing.T) {
	s, err := migrate.OpenState(t.Context(), stateFile(t))
	must(t, err)
	defer s.Close()
	must(t, s.Bind(migrate.Bond{Source: "a", Target: "b"}))
	must(t, s.Bind(migrate.Bond{Source: "a", Target: "b"}))
	if err := s.Bind(migrate.Bond{Source: "a", Target: "c"}); !errors.Is(err, migrate.ErrOther) {
		t.Errorf("bound to another target: %v", err)
	}
	lock, err := s.Lock()
	must(t, err)
	if _, err := s.Lock(); !errors.Is(err, migrate.ErrBusy) {
		t.Errorf("locked twice: %v", err)
	}
	must(t, lock.Close())
}
