package migration

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/migrate"
	"firn/internal/price"
)

func status() *cobra.Command {
	var j journey
	return cli.Verb{
		Use: "status", Short: "Tell how far a migration is",
		Long: `Tell how far a migration is, and which archives could not be moved, and why. Give
--from and --to as they were given to firn migrate. No server is asked, and the migration
may be under way.`,
		Example: "firn migrate status --from aws://eu-west-1/photos --to photos",
		JSON:    "With --json it is a JSON document; amounts are dollars, sizes bytes.",
		Flags:   j.flags,
		Run: func(ctx context.Context, s *cli.Session, _ []string) error {
			o, err := j.open(ctx, s)
			if err != nil {
				return err
			}
			there, err := migrate.Exists(o.file)
			if err != nil {
				return err
			}
			if !there {
				return cli.Errorf(cli.NotFound, "no such migration was begun: there is no %s", o.file)
			}
			state, err := migrate.OpenState(ctx, o.file)
			if err != nil {
				return err
			}
			defer state.Close()
			r, err := state.Report(o.price)
			if err != nil {
				return err
			}
			return show(s, state, r, o.price != (price.List{}))
		},
	}.Command()
}

// mostFailures is how many archives that failed a report lists.
const mostFailures = 1000

// A failure is an archive that could not be moved.
type failure struct {
	ArchiveID   glacier.ArchiveID `json:"ArchiveId"`
	Description string
	Size        int64
	Failure     string
}

// show prints a report.
func show(s *cli.Session, state *migrate.State, r migrate.Report, costs bool) error {
	failed, err := state.Failed(0, mostFailures)
	if err != nil {
		return err
	}
	document := struct {
		migrate.Report
		Failures []failure
	}{r, make([]failure, len(failed))}
	for i, a := range failed {
		document.Failures[i] = failure{a.ID, a.Description, a.Size, a.Failure}
	}
	return s.Document(document, func(w io.Writer) error { return write(w, r, document.Failures, costs) })
}

func write(w io.Writer, r migrate.Report, failed []failure, costs bool) error {
	line := func(t migrate.Total) string {
		return cli.Count(t.Archives, "archive") + ", " + cli.Size(t.Bytes)
	}
	t := cli.NewTable("From:", r.Source)
	t.Row("To:", r.Target)
	if r.Listed {
		t.Row("Inventory:", r.Inventory)
	} else {
		t.Row("Inventory:", "not read yet")
	}
	t.Row("All:", line(migrate.Total{Archives: r.Archives, Bytes: r.Bytes}))
	copied := line(r.Copied)
	if r.Renewed > 0 {
		copied += fmt.Sprintf("; %d of them with a new id", r.Renewed)
	}
	t.Row("Copied:", copied)
	for _, row := range []struct {
		name string
		t    migrate.Total
	}{{"Under way:", r.UnderWay}, {"Waiting:", r.Waiting}, {"Failed:", r.Failed}} {
		if row.t.Archives > 0 {
			t.Row(row.name, line(row.t))
		}
	}
	t.Row("Retrievals:", fmt.Sprint(r.Retrievals))
	if costs {
		t.Row("Cost:", fmt.Sprintf("about %s so far, and %s for what is waiting", r.Spent, r.ToSpend))
	}
	if err := t.Print(w); err != nil || len(failed) == 0 {
		return err
	}
	fmt.Fprintln(w)
	list := cli.NewTable("ARCHIVE", ">SIZE", "WHY", "DESCRIPTION")
	for _, f := range failed {
		list.Row(string(f.ArchiveID), cli.Size(f.Size), f.Failure, f.Description)
	}
	if err := list.Print(w); err != nil {
		return err
	}
	if more := r.Failed.Archives - int64(len(failed)); more > 0 {
		_, err := fmt.Fprintf(w, "and %d more\n", more)
		return err
	}
	return nil
}
