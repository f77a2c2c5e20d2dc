package jobs

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"firn/glacier"
	"firn/internal/client"
	"firn/internal/console/frame"
	"firn/internal/csv"
)

// What the page of a job shows of its output.
const (
	inventoryRows  = 100
	inventoryBytes = 256 << 10 // a row has 2,300 bytes at most
	resultRows     = 200
	resultBytes    = 64 << 10
	resultColumns  = 50
	maxCell        = 200 // characters
	// maxTable bounds a table, in bytes of the page.
	maxTable = 60_000
)

// A table is the beginning of an output.
type table struct {
	Columns []string
	Rows    [][]cell
	Whole   bool   // it is all there is
	Cut     string // what of the rows that are shown is not shown

	size int
}

type cell struct {
	Text, Link string
	Number     bool
}

// add adds a row, if there is room for it.
func (t *table) add(row ...cell) bool {
	size := len("<tr></tr>\n")
	for i := range row {
		size += len(html.EscapeString(row[i].Text)) + len(html.EscapeString(row[i].Link)) + len("<td></td>")
		if row[i].Link != "" {
			size += len(`<a href=""></a>`)
		}
		if row[i].Number {
			size += len(` class="number"`)
		}
	}
	if t.size+size > maxTable {
		return false
	}
	t.size += size
	t.Rows = append(t.Rows, row)
	return true
}

// preview reads the beginning of an output that is a table.
func preview(c *frame.Call, j *jobPage) error {
	if !j.Fetchable() || j.Action == glacier.ActionArchiveRetrieval {
		return nil
	}
	limit := int64(resultBytes)
	if j.Action == glacier.ActionInventoryRetrieval {
		limit = inventoryBytes
	}
	var data []byte
	if j.jobView.More.Size > 0 {
		var err error
		if data, err = beginning(c, j.Vault, string(j.JobID), limit); err != nil {
			e := frame.AsRefusal(err)
			if e == nil {
				return err
			}
			j.Trouble = e.Text
			return nil
		}
	}
	whole := int64(len(data)) == j.jobView.More.Size
	switch {
	case j.Action == glacier.ActionSelect:
		j.Table = resultTable(data, whole, j.Query().OutputSerialization)
	case j.InventoryRetrievalParameters != nil && j.InventoryRetrievalParameters.Format == glacier.FormatCSV:
		j.Table = inventoryCSV(data, whole)
	default:
		j.Table = inventoryJSON(data)
	}
	if j.Action == glacier.ActionInventoryRetrieval {
		j.Table.linkArchives(j.Vault)
	}
	return nil
}

// beginning reads the first bytes of an output.
func beginning(c *frame.Call, vault, id string, limit int64) ([]byte, error) {
	resp, err := c.APIs().Send(c.Request.Context(), client.Request{
		Method: http.MethodGet, Path: frame.VaultPath(vault, "jobs", id, "output"),
		Header: http.Header{"Range": {"bytes=0-" + strconv.FormatInt(limit-1, 10)}},
	})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	if err != nil {
		return nil, fmt.Errorf("read the beginning of output %s: %w", id, err)
	}
	return data, nil
}

// A listedArchive is a row of an inventory.
type listedArchive struct {
	ArchiveID          string `json:"ArchiveId"`
	ArchiveDescription string
	CreationDate       string
	Size               json.Number
	SHA256TreeHash     string
}

func inventoryTable() *table {
	return &table{Columns: []string{"Archive", "Description", "Made", "Size", "Tree hash"}}
}

// list adds an archive.
func (t *table) list(a listedArchive) bool {
	size, _ := a.Size.Int64() // one that is none is shown as 0
	made := a.CreationDate
	if at, err := time.Parse(time.RFC3339, made); err == nil {
		made = at.Format("2006-01-02 15:04:05") + " UTC"
	}
	return len(t.Rows) < inventoryRows && t.add(
		cell{Text: a.ArchiveID}, cell{Text: frame.Clip(a.ArchiveDescription, maxCell)}, cell{Text: made},
		cell{Text: frame.ByteCount(size), Number: true}, cell{Text: frame.Short(a.SHA256TreeHash)})
}

// linkArchives has the ids of a list lead to the archives' pages.
func (t *table) linkArchives(vault string) {
	for _, row := range t.Rows {
		row[0].Link = frame.Link("archive", "vault", vault, "archive", row[0].Text)
	}
}

// inventoryJSON reads as much of a list as there is.
func inventoryJSON(data []byte) *table {
	t := inventoryTable()
	_, list, found := strings.Cut(string(data), `"ArchiveList":[`)
	if !found {
		return t
	}
	d := json.NewDecoder(strings.NewReader("[" + list))
	if _, err := d.Token(); err != nil {
		return t
	}
	for d.More() {
		var a listedArchive
		if err := d.Decode(&a); err != nil || !t.list(a) {
			return t
		}
	}
	_, err := d.Token()
	t.Whole = err == nil
	return t
}

// inventoryCSV is the same of the table, which is of Glacier's own kind: only
// the description is quoted, and a quote in it follows a backslash.
func inventoryCSV(data []byte, whole bool) *table {
	t := inventoryTable()
	_, rest, _ := strings.Cut(string(data), "\n")
	for {
		line, more, ended := strings.Cut(rest, "\n")
		if !ended {
			break
		}
		rest = more
		fields := strings.Split(line, ",")
		if n := len(fields); n < 5 || !t.list(listedArchive{
			fields[0], strings.ReplaceAll(unquote(strings.Join(fields[1:n-3], ",")), `\"`, `"`),
			fields[n-3], json.Number(fields[n-2]), fields[n-1],
		}) {
			return t
		}
	}
	t.Whole = whole
	return t
}

func unquote(s string) string {
	return strings.TrimSuffix(strings.TrimPrefix(s, `"`), `"`)
}

// resultTable reads the records of a query's result.
func resultTable(data []byte, whole bool, how *glacier.OutputSerialization) *table {
	t := &table{}
	s := csv.NewScanner(resultDialect(how))
	s.Reset(data, whole)
	for s.Next() {
		if len(t.Rows) == resultRows || !t.add(t.record(s)...) {
			return t
		}
	}
	t.Whole = whole && s.Err() == nil
	return t
}

// record is the row of a record, and notes what is cut off.
func (t *table) record(s *csv.Scanner) []cell {
	columns := s.Columns()
	row := make([]cell, min(columns, resultColumns))
	for i := range row {
		value, _ := s.Field(i)
		text := strings.ToValidUTF8(string(value), "\uFFFD")
		row[i].Text = frame.Clip(text, maxCell)
		if row[i].Text != text {
			t.Cut = "Long values are cut."
		}
	}
	for i := len(t.Columns); i < len(row); i++ {
		t.Columns = append(t.Columns, strconv.Itoa(i+1))
	}
	if columns > len(row) {
		t.Cut = fmt.Sprintf("Only the first %d columns are shown.", resultColumns)
	}
	return row
}

// resultDialect is how a result is written. What a job was begun with has been
// found good; anything else is read as by default.
func resultDialect(how *glacier.OutputSerialization) csv.Dialect {
	d := csv.Default()
	if how == nil || how.CSV == nil {
		return d
	}
	set := func(to *byte, s *string) {
		if v := textOf(s); v != "" {
			*to = v[0]
		}
	}
	set(&d.Field, how.CSV.FieldDelimiter)
	set(&d.Quote, how.CSV.QuoteCharacter)
	d.Escape = d.Quote
	set(&d.Escape, how.CSV.QuoteEscapeCharacter)
	if v := textOf(how.CSV.RecordDelimiter); v != "" {
		d.Record = v
	}
	if err := d.Validate(); err != nil {
		return csv.Default()
	}
	return d
}
