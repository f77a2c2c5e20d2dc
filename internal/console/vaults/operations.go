package vaults

import "strings"

// An operation is one that policies of a vault can speak of.
type operation struct {
	Name, Says string
	Archive    bool // it is about one archive, whose age a policy can ask for
}

// operations are those on a vault, with what is decided about most often first.
func operations() []operation {
	return []operation{
		{"DeleteArchive", "delete an archive", true},
		{"UploadArchive", "upload an archive", false},
		{"DeleteVault", "delete the vault", false},
		{"InitiateJob", "retrieve an archive, or start another job", true},
		{"GetJobOutput", "download a job's output", false},
		{"DescribeJob", "look at a job", false},
		{"ListJobs", "list jobs", false},
		{"InitiateMultipartUpload", "begin an upload in parts", false},
		{"UploadMultipartPart", "upload a part", false},
		{"CompleteMultipartUpload", "complete an upload in parts", false},
		{"AbortMultipartUpload", "abort an upload in parts", false},
		{"ListMultipartUploads", "list uploads in parts", false},
		{"ListParts", "list the parts of an upload", false},
		{"CreateVault", "create the vault", false},
		{"DescribeVault", "look at the vault", false},
		{"AddTagsToVault", "add and change tags", false},
		{"RemoveTagsFromVault", "remove tags", false},
		{"ListTagsForVault", "list tags", false},
		{"SetVaultNotifications", "set notifications", false},
		{"GetVaultNotifications", "look at notifications", false},
		{"DeleteVaultNotifications", "remove notifications", false},
		{"SetVaultAccessPolicy", "set the access policy", false},
		{"GetVaultAccessPolicy", "look at the access policy", false},
		{"DeleteVaultAccessPolicy", "remove the access policy", false},
		{"InitiateVaultLock", "begin a lock", false},
		{"GetVaultLock", "look at the lock", false},
		{"CompleteVaultLock", "complete the lock", false},
		{"AbortVaultLock", "abort the lock", false},
	}
}

// actionWord says an action of a policy: in words if it is one operation.
func actionWord(action string) string {
	if action == "*" || strings.EqualFold(action, "glacier:*") {
		return "do anything"
	}
	for _, op := range operations() {
		if strings.EqualFold(action, "glacier:"+op.Name) {
			return op.Says
		}
	}
	return action
}
