package server

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"

	"firn/glacier"
)

// A model is Glacier in memory: maps, and the rules of the developer guide as
// plainly as they can be said, for the profile fast. Each method takes the
// parameters of an operation and returns the answer that is due; the parts of
// it that only the service can know, its ids, are learned from its reply.
type model struct {
	vaults   map[string]*modelVault
	archives []*modelArchive // ever made, in the order in which they were
	uploads  []*modelUpload
	jobs     []*modelJob
}

type modelVault struct {
	name  string
	tags  map[string]string
	taken bool // it has had an inventory
	gone  bool
}

type modelArchive struct {
	vault   *modelVault
	id      string
	note    string
	data    []byte
	tree    string
	token   string // that it was uploaded with
	date    string // as inventories have it; empty until one has shown it
	deleted bool
	// imported is that its id, and its date, are not the service's.
	imported bool
}

type modelUpload struct {
	vault   *modelVault
	id      string
	note    string
	size    int64            // of a part
	parts   map[int64][]byte // by number
	archive *modelArchive    // what it has become
	total   string           // the size that it was completed with
	ended   bool
}

type modelJob struct {
	vault       *modelVault
	id          string
	archive     *modelArchive // nil for an inventory
	first, last int           // of the archive
	format      string        // of the inventory
	output      []byte        // of an archive; an inventory's is learned when the job is done
}

// An answer is what the model says about a reply.
type answer struct {
	status int
	code   glacier.Code
	text   string            // of a refusal; empty is not compared
	body   string            // empty is not compared
	header map[string]string // "*" is anything but nothing
	learn  func(reply)
}

const created = "{}"

func refuse(code glacier.Code, text string) answer {
	return answer{status: code.Status(), code: code, text: text}
}

func arn(vault string) string { return "arn:aws:glacier:us-east-1:" + testAccount + ":vaults/" + vault }

func noVault(name string) answer {
	return refuse(glacier.ResourceNotFound, "Vault not found for ARN: "+arn(name))
}

func noUpload(id string) answer {
	return refuse(glacier.ResourceNotFound, "The upload ID was not found: "+id)
}

func noArchive(id string) answer {
	return refuse(glacier.ResourceNotFound, "The archive ID was not found: "+id)
}

func (m *model) createVault(name string) answer {
	if strings.ContainsAny(name, " /") {
		return refuse(glacier.InvalidParameterValue, "")
	}
	if m.vaults[name] == nil {
		m.vaults[name] = &modelVault{name: name, tags: map[string]string{}}
	}
	return answer{status: 201, body: created, header: map[string]string{"Location": "/" + testAccount + "/vaults/" + name}}
}

func (m *model) deleteVault(name string) answer {
	v := m.vaults[name]
	if v != nil && len(m.living(v)) > 0 {
		return refuse(glacier.InvalidParameterValue, "Vault not empty or recently written to: "+arn(name))
	}
	if v != nil {
		v.gone = true
		delete(m.vaults, name)
	}
	return answer{status: 204}
}

// living are a vault's archives, in the order of its inventory.
func (m *model) living(v *modelVault) (list []*modelArchive) {
	for _, a := range m.archives {
		if a.vault == v && !a.deleted {
			list = append(list, a)
		}
	}
	return list
}

func (m *model) addTags(name string, tags map[string]string) answer {
	switch v := m.vaults[name]; {
	case len(tags) == 0 || len(tags) > 10:
		return refuse(glacier.InvalidParameterValue, "")
	case v == nil:
		return noVault(name)
	default:
		all := maps.Clone(v.tags)
		maps.Copy(all, tags)
		if len(all) > 50 {
			return refuse(glacier.LimitExceeded, "")
		}
		v.tags = all
		return answer{status: 204}
	}
}

func (m *model) removeTags(name string, keys []string) answer {
	v := m.vaults[name]
	if v == nil {
		return noVault(name)
	}
	for _, key := range keys {
		delete(v.tags, key)
	}
	return answer{status: 204}
}

// body judges what an upload declares about its bytes: linear first, because
// it belongs to the signature.
func (m *model) body(data []byte, linear, tree string) (bad answer, ok bool) {
	if sum := sha256.Sum256(data); linear != hex.EncodeToString(sum[:]) {
		return refuse(glacier.InvalidSignature, ""), false
	}
	if real := naiveTree(data); tree != real {
		return refuse(glacier.InvalidParameterValue, fmt.Sprintf("Checksum mismatch: expected %s, computed %s", tree, real)), false
	}
	return answer{}, true
}

func (m *model) uploadArchive(name, note, token string, data []byte, linear, tree string) answer {
	v := m.vaults[name]
	sent := m.sent(v, token)
	switch {
	case tree == "":
		return refuse(glacier.MissingParameterValue, "Required parameter missing: x-amz-sha256-tree-hash")
	case len(data) == 0:
		return refuse(glacier.InvalidParameterValue, "Invalid Content-Length: 0")
	case v == nil:
		return noVault(name)
	case sent != nil && (len(data) != len(sent.data) || tree != sent.tree || note != sent.note):
		return refuse(glacier.InvalidParameterValue,
			"Invalid x-firn-upload-token: the vault has another archive that was uploaded with this token")
	}
	if bad, ok := m.body(data, linear, tree); !ok {
		return bad
	}
	if sent != nil {
		return answer{status: 201, body: created, header: map[string]string{"x-amz-archive-id": sent.id, "x-amz-sha256-tree-hash": sent.tree, "Location": "*"}}
	}
	return m.archived(&modelArchive{vault: v, note: note, data: data, token: token})
}

// sent is the archive that was uploaded with a token, nil if there is none.
func (m *model) sent(v *modelVault, token string) *modelArchive {
	for _, a := range m.archives {
		if token != "" && a.token == token && a.vault == v && !a.deleted {
			return a
		}
	}
	return nil
}

// archived is the answer to what makes an archive.
func (m *model) archived(a *modelArchive) answer {
	a.tree = naiveTree(a.data)
	m.archives = append(m.archives, a)
	return answer{
		status: 201, body: created,
		header: map[string]string{"x-amz-archive-id": "*", "x-amz-sha256-tree-hash": a.tree, "Location": "*"},
		learn:  func(r reply) { a.id = r.header.Get("x-amz-archive-id") },
	}
}

// find looks an archive up as an operation on the vault does. bad is nil if it
// is there, and if it is known to be gone.
func (m *model) find(name, id string) (a *modelArchive, bad *answer) {
	v := m.vaults[name]
	if v == nil {
		no := noVault(name)
		return nil, &no
	}
	if a := m.livingAs(v, id); a != nil {
		return a, nil
	}
	for _, a := range m.archives {
		switch {
		case a.id != id || a.imported:
		case a.vault != v && !a.vault.gone:
			no := refuse(glacier.InvalidParameterValue, "Invalid vault name: "+arn(name))
			return nil, &no
		default:
			return nil, nil
		}
	}
	no := noArchive(id)
	return nil, &no
}

// livingAs is the archive that a vault has under an id, nil if it has none.
func (m *model) livingAs(v *modelVault, id string) *modelArchive {
	for _, a := range m.living(v) {
		if a.id == id {
			return a
		}
	}
	return nil
}

// importArchive is uploadArchive of an archive with an id of elsewhere, or with
// one that was given out for the same vault.
func (m *model) importArchive(name, id, date, note string, data []byte, linear, tree string) answer {
	v := m.vaults[name]
	switch {
	case len(data) == 0:
		return refuse(glacier.InvalidParameterValue, "Invalid Content-Length: 0")
	case v == nil:
		return noVault(name)
	}
	there := m.livingAs(v, id)
	if there != nil && (there.tree != tree || len(there.data) != len(data)) {
		return refuse(glacier.InvalidParameterValue, "")
	}
	if bad, ok := m.body(data, linear, tree); !ok {
		return bad
	}
	if there != nil {
		return answer{status: 201, body: created, header: map[string]string{"x-amz-archive-id": id, "x-amz-sha256-tree-hash": tree}}
	}
	want := m.archived(&modelArchive{vault: v, id: id, date: date, note: note, data: data, imported: true})
	want.header["x-amz-archive-id"] = id
	return want
}

func (m *model) deleteArchive(name, id string) answer {
	a, bad := m.find(name, id)
	if bad != nil {
		return *bad
	}
	if a != nil {
		a.deleted = true
	}
	return answer{status: 204}
}

// retrieve begins a job for the bytes first to last of an archive; last < 0 is
// all of it.
func (m *model) retrieve(name, id string, first, last int) answer {
	a, bad := m.find(name, id)
	switch {
	case bad != nil:
		return *bad
	case a == nil:
		return noArchive(id)
	case last < 0:
		last = len(a.data) - 1
	}
	if first > last || last >= len(a.data) || first%(1<<20) != 0 || (last+1)%(1<<20) != 0 && last != len(a.data)-1 {
		return refuse(glacier.InvalidParameterValue, "")
	}
	return m.begun(&modelJob{vault: a.vault, archive: a, first: first, last: last, output: a.data[first : last+1]})
}

func (m *model) takeInventory(name, format string) answer {
	v := m.vaults[name]
	switch {
	case format != "JSON" && format != "CSV":
		return refuse(glacier.InvalidParameterValue, "")
	case v == nil:
		return noVault(name)
	}
	v.taken = true // the driver waits for it
	return m.begun(&modelJob{vault: v, format: format})
}

func (m *model) begun(j *modelJob) answer {
	m.jobs = append(m.jobs, j)
	return answer{
		status: 202, body: created, header: map[string]string{"x-amz-job-id": "*"},
		learn: func(r reply) { j.id = r.header.Get("x-amz-job-id") },
	}
}

// describe is what DescribeVault has to say, but for the dates.
func (m *model) describe(v *modelVault) (archives, bytes int64) {
	for _, a := range m.living(v) {
		archives++
		bytes += int64(len(a.data)) + 32<<10
	}
	return archives, bytes
}
