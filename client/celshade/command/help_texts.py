"""Help texts: descriptions, examples and exit codes."""

DESCRIPTION = "Turn photos into cartoons on a Celshade server."

EPILOG = """\
examples:
  celshade render photo.jpg                    one photo, the server's default style
  celshade render holiday/*.jpg -o cartoons/   many, four at a time
  celshade batch holiday/ --zip cartoons.zip   a whole folder in one upload, out as a ZIP
  celshade watch inbox/ -o cartoons/           photos are rendered as they come into a folder
  celshade styles                              what styles there are
  celshade jobs                                what you have sent lately
  celshade doctor                              what does not work here, and what to do
  celshade dead                                what failed for good, for those in charge

'celshade COMMAND --help' explains a command.

environment:
  CELSHADE_URL       the server, when --url is left out (default: http://127.0.0.1:8000)
  CELSHADE_API_KEY   the API key, when --api-key is left out; sent to that server only

exit status:
  0 all done   1 some of it was not   2 wrong usage   3 no server, or none for you   130 Ctrl-C
"""

RENDER = """\
examples:
  celshade render photo.jpg -o out/
  celshade render *.jpg *.png -o out/ --style ink-filter --strength 0.7
  celshade render poster.png --size 2048 --format png
  celshade render photo.jpg --format jpeg --quality 80 --priority high
  celshade render photo.jpg --url https://celshade.example.org
  celshade render *.jpg --json | jq -r 'select(.error) | .photo'

Each picture is saved as PHOTO-STYLE.EXT. A second run replaces the pictures of the first;
two photos of one run never share a picture, and no photo named here is ever overwritten.
'hit' behind a picture: the server knew it already; 'miss': it was rendered now.

exit status: 0 all pictures saved, 1 some were not, 2 wrong usage, 3 no server or none for
you, 130 stopped with Ctrl-C
"""

BATCH = """\
examples:
  celshade batch holiday/ --zip                      as holiday.zip
  celshade batch holiday/ --zip cartoons.zip --style pencil
  celshade batch holiday/ -r -o cartoons/            each picture as a file, folders too
  celshade batch holiday/ --zip --json > report.json

Photos are the files that are called so: .jpg .jpeg .png .webp .avif .gif .heic .heif. Their
names, without folders, go to the server, which names the ZIP's entries after them. More
photos than the server takes at once go in several batches.
A photo that fails stops no other; each is named with its reason.

exit status: 0 all pictures saved, 1 some were not, 2 wrong usage, 3 no server or none for
you, 130 stopped with Ctrl-C: what was open is canceled
"""

WATCH = """\
examples:
  celshade watch inbox/ -o cartoons/
  celshade watch inbox/ -o cartoons/ --style pencil --size 1024
  celshade watch inbox/ -o cartoons/ --once          what is there, then end: for cron
  celshade watch inbox/ -o cartoons/ --json >> log.jsonl

A photo is taken when it has not changed for --settle seconds, so that one which is still
being copied is waited for; one that changes later gets a new picture. Beside the pictures
lies .celshade-watch.json: what is done with, so that the next run goes on from there.
A server that is away is waited for. Folders in the folder are passed over.

exit status: 0 stopped with Ctrl-C or SIGTERM (with --once: all pictures saved), 1 with
--once: some were not, 2 wrong usage, 3 no server or none for you
"""

JOBS = """\
examples:
  celshade jobs                          your last 20 jobs, newest first
  celshade jobs --status failed --limit 100
  celshade jobs show JOB                 all there is to know of one
  celshade jobs retry JOB ...            failed, canceled or expired: once more, same id
  celshade jobs --json | jq -r '.data[] | [.id, .status] | @tsv'

exit status: 0 all done, 1 some was refused, 2 wrong usage, 3 no server or none for you
"""

DOCTOR = """\
It asks what any request needs, in order, and says at each ✗ what to do. --render also sends
a small picture of its own, waits for it, fetches and deletes it.

exit status: 0 nothing is wrong, 1 something is, 2 wrong usage, 3 no server or none for you
"""
