package glacier

// An UploadDescription is an element of ListMultipartUploads.
type UploadDescription struct {
	ArchiveDescription *string
	CreationDate       Time
	MultipartUploadID  UploadID `json:"MultipartUploadId"`
	PartSizeInBytes    int64
	VaultARN           ARN
}

// An UploadList is the reply of ListMultipartUploads.
type UploadList struct {
	Marker      *string
	UploadsList []UploadDescription
}

// A PartList is the reply of ListParts: an upload and one page of its parts.
type PartList struct {
	ArchiveDescription *string
	CreationDate       Time
	Marker             *string
	MultipartUploadID  UploadID `json:"MultipartUploadId"`
	PartSizeInBytes    int64
	Parts              []Part
	VaultARN           ARN
}

// A Part is one received part: an inclusive range such as "0-4194303".
type Part struct {
	RangeInBytes   string
	SHA256TreeHash string
}
