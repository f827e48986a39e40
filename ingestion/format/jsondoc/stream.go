package jsondoc

import (
	"github.com/stance-aspm/stance/domain/finding"
	"github.com/stance-aspm/stance/ingestion/format"
)

// Stream reads a whole document of records in any of the spellings in which
// one and the same tool writes them: an array, a stream of values (JSON lines,
// pretty-printed or concatenated), or a stream of arrays, as when the outputs
// of several runs were appended to one file. A null stands for no records.
// Records that do not fit go to quarantine as [Records] says.
func Stream[T any](r *Reader, sink format.Sink, each func(rec *T, pos finding.Position, raw []byte) error) error {
	for i := 0; r.More(); i++ {
		var err error
		switch r.Kind() {
		case '[':
			err = Records(r, sink, each)
		case 'n':
			err = r.Skip()
		default:
			err = Record(r, sink, i, each)
		}
		if err != nil {
			return err
		}
	}
	return r.End()
}
