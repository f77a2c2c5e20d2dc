package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/remote"
)

// An inventoryRequest is what an inventory is asked to be.
type inventoryRequest struct {
	format, from, until, limit, marker string
	topic                              string
	fresh                              bool
	not                                glacier.JobID // a job that will not do
}

func inventoryGet() *cobra.Command {
	var q inventoryRequest
	var file string
	var detach bool
	return cli.Verb{
		Use: "inventory VAULT", Short: "Get a vault's inventory",
		Long: `Print a vault's inventory, the list of its archives, as the server gives it out, or
write it to a file with --output.

An inventory is a job, which takes Amazon some hours. It is started and waited for; run
the same command again after an interruption, and the job that is under way is found
again. A finished one that is less than a day old is used, too, unless --fresh asks for
a new one. With --detach it is not waited for: the job's id is printed.

A connection that breaks is taken up again where it broke. With --limit only so many
archives are listed, and it is said on standard error with which --marker to go on.`,
		Example: "firn inventory photos --format csv --output photos.csv",
		JSON:    `With --json, as without --format, the inventory is JSON; with --detach a document is printed: {"JobId":…}.`,
		Args:    cobra.ExactArgs(1),
		Flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&q.format, "format", "json", "json or csv")
			fs.StringVarP(&file, "output", "o", "", "file to write to")
			fs.StringVar(&q.from, "from", "", "only archives made from this date on: 2026-01-31 or 2026-01-31T12:00:00Z")
			fs.StringVar(&q.until, "until", "", "only archives made before this date")
			fs.StringVar(&q.limit, "limit", "", "at most so many archives")
			fs.StringVar(&q.marker, "marker", "", "go on after the archives before this marker")
			fs.StringVar(&q.topic, "topic", "", "ARN of a topic that is told when the job is complete")
			fs.BoolVar(&q.fresh, "fresh", false, "start a new job")
			fs.BoolVar(&detach, "detach", false, "do not wait for jobs (the job's id is printed)")
		},
		Resume: "the job goes on, and the same command without --fresh comes back to it",
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, _ []string) error {
			if err := q.check(); err != nil {
				return cli.Wrong(err)
			}
			if s.JSON && q.format != glacier.FormatJSON {
				return cli.Wrong(errors.New("--json contradicts --format csv"))
			}
			id, _, err := q.job(ctx, v)
			if err != nil {
				return err
			}
			if detach {
				return printJob(s, id)
			}
			d, err := s.Wait(ctx, v, id, "the inventory of vault "+string(v.Name))
			if err != nil {
				return err
			}
			if err := usable(d); err != nil {
				return err
			}
			if err := copyOutput(ctx, s, v, d, file); err != nil {
				return err
			}
			if p := d.InventoryRetrievalParameters; q.limit != "" && p != nil && text(p.Marker) != "" {
				s.Warn("there are more archives: go on with --marker %s", text(p.Marker))
			}
			return nil
		}).in(),
	}.Command()
}

// check refuses what cannot be, and brings dates and formats into the API's form.
func (q *inventoryRequest) check() error {
	q.format = strings.ToUpper(q.format)
	if q.format != glacier.FormatJSON && q.format != glacier.FormatCSV {
		return errors.New("--format must be json or csv")
	}
	if n, err := strconv.Atoi(q.limit); q.limit != "" && (err != nil || n < 1) {
		return fmt.Errorf("--limit %q is not a number from 1", q.limit)
	}
	for _, date := range []*string{&q.from, &q.until} {
		if *date == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, *date)
		if err != nil {
			at, err = time.Parse(time.DateOnly, *date)
		}
		if err != nil {
			return fmt.Errorf("%q is not a date such as 2026-01-31 or 2026-01-31T12:00:00Z", *date)
		}
		*date = glacier.Time{Time: at}.Seconds()
	}
	return nil
}

// usableFor is how old a finished inventory may be to be used again. It is kept
// for a day, and has to be read yet.
const usableFor = 20 * time.Hour

// job finds the job, or starts it.
func (q *inventoryRequest) job(ctx context.Context, v *remote.Vault) (id glacier.JobID, found bool, err error) {
	if !q.fresh {
		id, err := q.find(ctx, v)
		if id != "" || err != nil {
			return id, true, err
		}
	}
	id, err = q.start(ctx, v)
	return id, false, err
}

// find returns the newest job that gives out what is asked for; none is "".
func (q *inventoryRequest) find(ctx context.Context, v *remote.Vault) (found glacier.JobID, err error) {
	var begun time.Time
	for d, err := range v.Jobs(ctx, remote.JobFilter{}) {
		if err != nil {
			return "", err
		}
		if q.isFor(d) && !d.CreationDate.Before(begun) {
			found, begun = d.JobID, d.CreationDate.Time
		}
	}
	if found == q.not {
		return "", nil
	}
	return found, nil
}

// isFor reports whether a job is one for the request. A job's description does
// not tell with which marker it began, so the ones that may have one are known
// by what this program writes into them.
func (q *inventoryRequest) isFor(d glacier.JobDescription) bool {
	p := d.InventoryRetrievalParameters
	switch {
	case d.Action != glacier.ActionInventoryRetrieval || p == nil,
		d.Completed && (d.StatusCode != glacier.Succeeded || d.CompletionDate == nil || time.Since(d.CompletionDate.Time) > usableFor):
		return false
	case q.limit != "" || q.marker != "":
		return strings.HasPrefix(text(d.JobDescription), q.description())
	}
	return p.Format == q.format && sameDate(p.StartDate, q.from) && sameDate(p.EndDate, q.until) &&
		text(p.Limit) == "" && text(p.Marker) == "" && !strings.Contains(text(d.JobDescription), "marker=")
}

// sameDate reports whether a date of a job's is the one that was asked for.
func sameDate(said *string, asked string) bool {
	if text(said) == "" || asked == "" {
		return text(said) == asked
	}
	at, err := time.Parse(time.RFC3339, *said)
	return err == nil && glacier.Time{Time: at}.Seconds() == asked
}

// description tells the request from others.
func (q *inventoryRequest) description() string {
	d := "firn inventory " + q.format
	for _, part := range []struct{ name, value string }{{"from", q.from}, {"until", q.until}, {"limit", q.limit}, {"marker", q.marker}} {
		if part.value != "" {
			d += " " + part.name + "=" + part.value
		}
	}
	return d + ";"
}

// start begins a job. What makes its description unlike any other lets it be
// found if the reply is lost.
func (q *inventoryRequest) start(ctx context.Context, v *remote.Vault) (glacier.JobID, error) {
	kind, description := glacier.InventoryRetrieval, q.description()+" "+rand.Text()
	p := glacier.JobParameters{Type: &kind, Format: &q.format, Description: &description, SNSTopic: given(q.topic)}
	if q.from != "" || q.until != "" || q.limit != "" || q.marker != "" {
		narrow := &glacier.InventoryParameters{StartDate: given(q.from), EndDate: given(q.until), Marker: given(q.marker)}
		if q.limit != "" {
			narrow.Limit = []byte(strconv.Quote(q.limit))
		}
		p.InventoryRetrievalParameters = narrow
	}
	id, err := v.StartJob(ctx, p)
	if remote.IsGone(err) {
		return "", cli.Errorf(cli.NotYet, "%w: the vault has no inventory yet; Amazon takes the first one within a day or so", err)
	}
	return id, err
}

// given is a pointer to what is not empty.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
