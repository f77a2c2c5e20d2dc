package rest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// An operation is a line of the API's route table.
type operation struct {
	name   string
	method string
	path   string // {a}, {v} and {id} stand for a segment
	query  string // of tags: the value of the parameter operation; "" takes any
	serve  func(*call) error
	stream bool   // the body is an archive's bytes, not a document
	own    bool   // the account must be the caller's own
	id     string // what {id} names
}

// reads reports whether the operation changes nothing. None does not, either.
func (op *operation) reads() bool { return op.method == http.MethodGet || op.name == "" }

// operations is the API, in the order of its reference; the first line that
// fits a request is its operation. One line is none of the API's: it takes what
// is meant for tags and says neither add nor remove, which is a bad parameter and
// not a bad method.
var operations = []operation{
	{name: "CreateVault", method: "PUT", path: "/{a}/vaults/{v}", serve: createVault, own: true},
	{name: "DeleteVault", method: "DELETE", path: "/{a}/vaults/{v}", serve: deleteVault},
	{name: "DescribeVault", method: "GET", path: "/{a}/vaults/{v}", serve: describeVault},
	{name: "ListVaults", method: "GET", path: "/{a}/vaults", serve: listVaults, own: true},
	{name: "SetVaultNotifications", method: "PUT", path: "/{a}/vaults/{v}/notification-configuration", serve: setNotifications},
	{name: "GetVaultNotifications", method: "GET", path: "/{a}/vaults/{v}/notification-configuration", serve: getNotifications},
	{name: "DeleteVaultNotifications", method: "DELETE", path: "/{a}/vaults/{v}/notification-configuration", serve: deleteNotifications},
	{name: "SetVaultAccessPolicy", method: "PUT", path: "/{a}/vaults/{v}/access-policy", serve: setAccessPolicy},
	{name: "GetVaultAccessPolicy", method: "GET", path: "/{a}/vaults/{v}/access-policy", serve: getAccessPolicy},
	{name: "DeleteVaultAccessPolicy", method: "DELETE", path: "/{a}/vaults/{v}/access-policy", serve: deleteAccessPolicy},
	{name: "InitiateVaultLock", method: "POST", path: "/{a}/vaults/{v}/lock-policy", serve: initiateLock, own: true},
	{name: "CompleteVaultLock", method: "POST", path: "/{a}/vaults/{v}/lock-policy/{id}", serve: completeLock, own: true, id: "lockId"},
	{name: "AbortVaultLock", method: "DELETE", path: "/{a}/vaults/{v}/lock-policy", serve: abortLock, own: true},
	{name: "GetVaultLock", method: "GET", path: "/{a}/vaults/{v}/lock-policy", serve: getLock, own: true},
	{name: "AddTagsToVault", method: "POST", path: "/{a}/vaults/{v}/tags", query: "add", serve: addTags, own: true},
	{name: "RemoveTagsFromVault", method: "POST", path: "/{a}/vaults/{v}/tags", query: "remove", serve: removeTags, own: true},
	{name: "AddTagsToVault", method: "POST", path: "/{a}/vaults/{v}/tags", serve: unknownTagOperation, own: true},
	{name: "ListTagsForVault", method: "GET", path: "/{a}/vaults/{v}/tags", serve: listTags, own: true},
	{name: "UploadArchive", method: "POST", path: "/{a}/vaults/{v}/archives", serve: uploadArchive, stream: true},
	{name: "DeleteArchive", method: "DELETE", path: "/{a}/vaults/{v}/archives/{id}", serve: deleteArchive, id: "archiveId"},
	{name: "InitiateMultipartUpload", method: "POST", path: "/{a}/vaults/{v}/multipart-uploads", serve: initiateUpload},
	{name: "UploadMultipartPart", method: "PUT", path: "/{a}/vaults/{v}/multipart-uploads/{id}", serve: uploadPart, stream: true, id: "uploadId"},
	{name: "CompleteMultipartUpload", method: "POST", path: "/{a}/vaults/{v}/multipart-uploads/{id}", serve: completeUpload, id: "uploadId"},
	{name: "AbortMultipartUpload", method: "DELETE", path: "/{a}/vaults/{v}/multipart-uploads/{id}", serve: abortUpload, id: "uploadId"},
	{name: "ListParts", method: "GET", path: "/{a}/vaults/{v}/multipart-uploads/{id}", serve: listParts, id: "uploadId"},
	{name: "ListMultipartUploads", method: "GET", path: "/{a}/vaults/{v}/multipart-uploads", serve: listUploads},
	{name: "InitiateJob", method: "POST", path: "/{a}/vaults/{v}/jobs", serve: initiateJob},
	{name: "DescribeJob", method: "GET", path: "/{a}/vaults/{v}/jobs/{id}", serve: describeJob, id: "jobId"},
	{name: "ListJobs", method: "GET", path: "/{a}/vaults/{v}/jobs", serve: listJobs},
	{name: "GetJobOutput", method: "GET", path: "/{a}/vaults/{v}/jobs/{id}/output", serve: getJobOutput, id: "jobId"},
	{name: "SetDataRetrievalPolicy", method: "PUT", path: "/{a}/policies/data-retrieval", serve: setRetrievalPolicy, own: true},
	{name: "GetDataRetrievalPolicy", method: "GET", path: "/{a}/policies/data-retrieval", serve: getRetrievalPolicy, own: true},
	{name: "PurchaseProvisionedCapacity", method: "POST", path: "/{a}/provisioned-capacity", serve: purchaseCapacity, own: true},
	{name: "ListProvisionedCapacity", method: "GET", path: "/{a}/provisioned-capacity", serve: listCapacity, own: true},
}

// A route is what a request's method and target say.
type route struct {
	op                 *operation // nil if there is none
	methods            []string   // if op is nil: what the path may be asked with
	account, vault, id string
}

// find routes a request. It works on the path as it was sent: a vault may be
// called "..", an account "-", and an archive's id may begin with a hyphen, so
// nothing is cleaned, and %2F does not end a segment.
func find(r *http.Request) route {
	segments, ok := split(sentPath(r))
	if !ok {
		return route{}
	}
	// Listing works with and without a slash at the end.
	if n := len(segments); r.Method == http.MethodGet && n > 2 && segments[n-1] == "" {
		segments = segments[:n-1]
	}
	var methods []string
	for i := range operations {
		op := &operations[i]
		rt, ok := match(op.path, segments)
		switch {
		case !ok:
		case op.method != r.Method:
			if !slices.Contains(methods, op.method) {
				methods = append(methods, op.method)
			}
		case op.query == "" || op.query == r.URL.Query().Get("operation"):
			rt.op = op
			return rt
		}
	}
	return route{methods: methods}
}

// sentPath is the request's path as it stood in the request line, whether the
// target was a path or an absolute URL.
func sentPath(r *http.Request) string {
	target, _, _ := strings.Cut(r.RequestURI, "?")
	if strings.HasPrefix(target, "/") {
		return target
	}
	if _, rest, ok := strings.Cut(target, "://"); ok {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			return rest[i:]
		}
		return "/"
	}
	return r.URL.EscapedPath()
}

// split cuts a path into decoded segments.
func split(path string) (segments []string, ok bool) {
	for s := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		s, err := url.PathUnescape(s)
		if err != nil {
			return nil, false
		}
		segments = append(segments, s)
	}
	return segments, true
}

// match compares a pattern of the table with a request's segments.
func match(pattern string, segments []string) (rt route, ok bool) {
	i := 0
	for want := range strings.SplitSeq(pattern[1:], "/") {
		if i == len(segments) {
			return rt, false
		}
		got := segments[i]
		i++
		switch want {
		case "{a}":
			rt.account = got
		case "{v}":
			rt.vault = got
		case "{id}":
			rt.id = got
		default:
			if got != want {
				return rt, false
			}
			continue
		}
		if got == "" {
			return rt, false
		}
	}
	return rt, i == len(segments)
}
