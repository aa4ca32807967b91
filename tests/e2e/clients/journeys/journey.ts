// A journey with the types that openapi-typescript generates: node journey.js API PHOTOGRAPH

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import createClient from 'openapi-fetch'
import type { components, paths } from './image-intake.d.ts'

type Image = components['schemas']['Image']
const PROBLEM = 'urn:image-intake:problem:'
const [address, path] = process.argv.slice(2) as [string, string]
const api = createClient<paths>({ baseUrl: address })
const photograph = new Blob([await readFile(path)])

async function settled(imageId: string): Promise<Exclude<Image, { status: 'PENDING' }>> {
  for (;;) {
    const { data, error } = await api.GET('/images/{imageId}', { params: { path: { imageId } } })
    if (error) throw new Error(error.title ?? error.message)
    if (data.status !== 'PENDING') return data
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

const sendSmall = () =>
  api.POST('/images', {
    params: { query: { name: 'small.jpg' } },
    headers: { 'content-type': 'application/octet-stream' },
    body: photograph,
    bodySerializer: (body) => body as Blob,
  })

const small = await sendSmall()
assert(small.data, JSON.stringify(small.error))

const announced = await api.POST('/uploads', {
  body: {
    files: [
      { name: 'large.jpg', contentType: 'image/jpeg', bytes: photograph.size },
      { name: 'notes.txt', contentType: 'text/plain' },
    ],
    lane: 'express',
  },
})
assert(announced.data, JSON.stringify(announced.error))
const [accepted, refused] = announced.data.files
assert(accepted?.outcome === 'accepted' && refused?.outcome === 'refused')
assert.equal(refused.error.type, `${PROBLEM}unsupported-content-type`)
const form = new FormData()
for (const [name, value] of Object.entries(accepted.upload.fields)) form.append(name, value)
form.append('file', photograph)
assert.equal((await fetch(accepted.upload.url, { method: 'POST', body: form })).status, 204)

for (const imageId of [small.data.imageId, accepted.imageId]) {
  const image = await settled(imageId)
  assert(image.status === 'READY', JSON.stringify(image))
  const thumbnail = image.variants['thumbnail']
  assert(thumbnail)
  assert.equal((await (await fetch(thumbnail.url)).blob()).size, thumbnail.bytes)
}

const listed = await api.GET('/images', { params: { query: { status: 'READY', limit: 2 } } })
assert.deepEqual(
  listed.data?.images.map((image) => image.imageId).sort(),
  [small.data.imageId, accepted.imageId].sort(),
)

const batch = await api.GET('/batches/{batchId}', { params: { path: { batchId: announced.data.batchId } } })
assert(batch.data?.done)
assert.equal(batch.data.counts.READY, 1)

const quota = await api.GET('/quota')
assert.equal(quota.data?.images.used, quota.data?.images.limit)

const beyond = await sendSmall()
assert.equal(beyond.response.status, 429)
assert.equal(beyond.error?.type, `${PROBLEM}quota-exceeded`)

const deleted = { params: { path: { imageId: small.data.imageId } } }
assert.equal((await api.DELETE('/images/{imageId}', deleted)).response.status, 204)
const gone = await api.GET('/images/{imageId}', deleted)
assert.equal(gone.response.status, 404)
assert.equal(gone.error?.type, `${PROBLEM}unknown-image`)
