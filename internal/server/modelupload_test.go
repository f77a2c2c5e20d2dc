package server

import (
	"fmt"
	"maps"
	"slices"

	"firn/glacier"
)

func (m *model) initiateUpload(name, note string, size int64) answer {
	v := m.vaults[name]
	switch {
	case size < 1<<20 || size > 1<<32 || size&(size-1) != 0:
		return refuse(glacier.InvalidParameterValue, fmt.Sprintf(
			"Invalid part size: %d. Part size must not be null, must be a power of two and be between 1048576 and 4294967296 bytes.", size))
	case v == nil:
		return noVault(name)
	}
	u := &modelUpload{vault: v, note: note, size: size, parts: map[int64][]byte{}}
	m.uploads = append(m.uploads, u)
	return answer{
		status: 201, body: created, header: map[string]string{"x-amz-multipart-upload-id": "*"},
		learn: func(r reply) { u.id = r.header.Get("x-amz-multipart-upload-id") },
	}
}

func (m *model) upload(name, id string) (u *modelUpload, bad answer) {
	v := m.vaults[name]
	if v == nil {
		return nil, noVault(name)
	}
	for _, u := range m.uploads {
		if u.id == id && u.vault == v {
			return u, answer{}
		}
	}
	return nil, noUpload(id)
}

func (m *model) uploadPart(name, id string, first int64, data []byte, linear, tree string) answer {
	u, bad := m.upload(name, id)
	switch {
	case u == nil:
		return bad
	case u.ended:
		return noUpload(id)
	case first%u.size != 0 || int64(len(data)) > u.size:
		return refuse(glacier.InvalidParameterValue, "Invalid Content-Range: "+contentRange(first, data))
	case first/u.size >= 10_000:
		return refuse(glacier.InvalidParameterValue, fmt.Sprintf(
			"This is part number %d for the current multipart upload. It exceeds the limit of 10000 parts.", first/u.size+1))
	}
	if bad, ok := m.body(data, linear, tree); !ok {
		return bad
	}
	u.parts[first/u.size] = data
	return answer{status: 204, header: map[string]string{"x-amz-sha256-tree-hash": tree}}
}

func contentRange(first int64, data []byte) string {
	return fmt.Sprintf("bytes %d-%d/*", first, first+int64(len(data))-1)
}

func (m *model) completeUpload(name, id, total, tree string) answer {
	u, bad := m.upload(name, id)
	if u == nil {
		return bad
	}
	if u.ended {
		if u.archive == nil || total != u.total || tree != u.archive.tree {
			return noUpload(id)
		}
		return answer{status: 201, body: created, header: map[string]string{"x-amz-archive-id": u.archive.id}}
	}
	data, whole := u.join()
	switch {
	case !whole || total != fmt.Sprint(len(data)):
		return refuse(glacier.InvalidParameterValue, "")
	case tree != naiveTree(data):
		return refuse(glacier.InvalidParameterValue, "Invalid x-amz-sha256-tree-hash: "+tree)
	}
	u.ended, u.total = true, total
	u.archive = &modelArchive{vault: u.vault, note: u.note, data: data}
	return m.archived(u.archive)
}

// join puts the parts together. They are not whole with a gap between them, or
// with a short one that is not the last.
func (u *modelUpload) join() (data []byte, whole bool) {
	for _, n := range slices.Sorted(maps.Keys(u.parts)) {
		if int64(len(data)) != n*u.size {
			return data, false
		}
		data = append(data, u.parts[n]...)
	}
	return data, len(data) > 0
}

func (m *model) abortUpload(name, id string) answer {
	u, bad := m.upload(name, id)
	switch {
	case u == nil:
		return bad
	case u.archive != nil:
		return noUpload(id)
	}
	u.ended = true
	return answer{status: 204}
}
