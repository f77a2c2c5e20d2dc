package policy

import (
	"slices"
	"strings"
)

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// operations are the actions of Glacier, as the guide's "API Permissions: Actions, Resources, and Conditions Reference" has them,
// and the two for provisioned capacity, which it forgets.
func operations() []string {
	return strings.Fields(`
		AbortMultipartUpload AbortVaultLock AddTagsToVault CompleteMultipartUpload CompleteVaultLock CreateVault
		DeleteArchive DeleteVault DeleteVaultAccessPolicy DeleteVaultNotifications DescribeJob DescribeVault
		GetDataRetrievalPolicy GetJobOutput GetVaultAccessPolicy GetVaultLock GetVaultNotifications InitiateJob
		InitiateMultipartUpload InitiateVaultLock ListJobs ListMultipartUploads ListParts ListProvisionedCapacity
		ListTagsForVault ListVaults PurchaseProvisionedCapacity RemoveTagsFromVault SetDataRetrievalPolicy
		SetVaultAccessPolicy SetVaultNotifications UploadArchive UploadMultipartPart`)
}

// parseAction compiles "*" or "vendor:name" to match actions in lower case.
func parseAction(kind Kind, element, action string) (glob, *SyntaxError) {
	if action == "*" {
		return newGlob(starred), nil
	}
	vendor, name, found := strings.Cut(action, ":")
	switch {
	case !found || vendor == "" || name == "":
		return glob{}, refuse(element, "%s is not of the form vendor:name", quote(action))
	case vendor != "*" && strings.Trim(vendor, alphanumeric+"-") != "":
		return glob{}, refuse(element, "%s must name its vendor without wildcards", quote(action))
	case strings.Trim(name, alphanumeric+"-_*?") != "":
		return glob{}, refuse(element, "%s has characters that no action has", quote(action))
	case kind == Resource && vendor != "*" && !strings.EqualFold(vendor, "glacier"):
		return glob{}, refuse(element, "%s is not an action of glacier", quote(action))
	}
	g := newGlob(encode(strings.ToLower(vendor + ":" + name)))
	if kind == Resource && !slices.ContainsFunc(operations(), func(operation string) bool {
		return g.match("glacier:"+strings.ToLower(operation), &evaluation{work: maxWork})
	}) {
		return glob{}, refuse(element, "%s is not an action of glacier", quote(action))
	}
	return g, nil
}
