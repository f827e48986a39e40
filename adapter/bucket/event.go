package bucket

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// Event says that an object was stored.
type Event struct{ Bucket, Key string }

// wire is what storage sends, in all of its forms at once.
type wire struct {
	// Records are those of S3's own events, which MinIO and others send too.
	Records []struct {
		Name string `json:"eventName"`
		S3   struct {
			Bucket named `json:"bucket"`
			Object keyed `json:"object"`
		} `json:"s3"`
	} `json:"Records"`
	// Test is the event that S3 sends when notifications are set up.
	Test string `json:"Event"`
	// Type and Detail are EventBridge's.
	Type   string `json:"detail-type"`
	Detail *struct {
		Bucket named `json:"bucket"`
		Object keyed `json:"object"`
	} `json:"detail"`
}

type named struct {
	Name string `json:"name"`
}
type keyed struct {
	Key string `json:"key"`
}

// errEvent says that a body is no event.
var errEvent = errors.New("want an S3 event (Records) or one of EventBridge (detail-type, detail), as JSON")

// ParseEvents reads the body of an event notification: S3's own form, whose
// keys are escaped as in a query, MinIO's, which is the same with more around
// it, or EventBridge's, whose keys are plain. Events about anything but a
// stored object give nothing.
func ParseEvents(b []byte) ([]Event, error) {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return nil, fmt.Errorf("%w: %w", errEvent, err)
	}
	if len(w.Records) == 0 && w.Detail == nil && w.Test == "" {
		return nil, errEvent
	}
	var out []Event
	for _, r := range w.Records {
		// "ObjectCreated:Put"; MinIO writes "s3:" before it
		if !strings.HasPrefix(strings.TrimPrefix(r.Name, "s3:"), "ObjectCreated:") {
			continue
		}
		key, err := url.QueryUnescape(r.S3.Object.Key)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errEvent, err)
		}
		out = append(out, Event{r.S3.Bucket.Name, key})
	}
	if w.Detail != nil && w.Type == "Object Created" {
		out = append(out, Event{w.Detail.Bucket.Name, w.Detail.Object.Key})
	}
	return out, nil
}
