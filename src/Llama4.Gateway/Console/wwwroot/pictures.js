// Pictures of the question: by button, paste and drop, kept as data: URIs as they are.
import { $, h, icon, ICONS } from './dom.js';
import { refusalOfPicture } from './limits.js';

const TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];

export class Pictures {
  /** @param tell shows a notice to the user */
  constructor(tell) {
    this.tell = tell;
    this.items = [];
    $('add-picture').addEventListener('click', () => $('picture-file').click());
    $('picture-file').addEventListener('change', event => {
      this.add([...event.target.files]);
      event.target.value = '';
    });
    document.addEventListener('paste', event => {
      const files = [...(event.clipboardData?.files ?? [])].filter(file => file.type.startsWith('image/'));
      if (!files.length || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      this.add(files);
    });
    this.#takeDrops();
  }

  async add(files) {
    this.tell('');
    for (const file of files) {
      const refusal = this.#refusal(file);
      if (refusal) {
        this.tell(refusal);
        continue;
      }
      this.items.push({ name: file.name || 'picture', url: await dataUri(file), bytes: file.size });
    }
    this.show();
  }

  /** The data: URIs, and none are left. */
  take() {
    const urls = this.items.map(item => item.url);
    this.items = [];
    this.show();
    return urls;
  }

  show() {
    $('pictures').hidden = !this.items.length;
    $('pictures').replaceChildren(...this.items.map(item => h('div', { class: 'thumb', role: 'listitem' },
      h('img', { src: item.url, alt: item.name }),
      h('button', {
        type: 'button', class: 'tool', 'aria-label': `Remove ${item.name}`,
        onclick: () => {
          this.items = this.items.filter(other => other !== item);
          this.show();
          $('question').focus();
        },
      }, icon(ICONS.close)))));
  }

  #refusal(file) {
    if (!TYPES.includes(file.type)) return `${file.name || 'This file'} is no PNG, JPEG, WebP or GIF.`;
    return refusalOfPicture(file, this.items.map(item => item.bytes));
  }

  #takeDrops() {
    let depth = 0;
    const isFiles = event => event.dataTransfer?.types.includes('Files');
    const show = by => {
      depth = Math.max(0, depth + by);
      $('chat').classList.toggle('dropping', depth > 0);
    };
    addEventListener('dragenter', event => isFiles(event) && show(1));
    addEventListener('dragleave', event => isFiles(event) && show(-1));
    addEventListener('dragover', event => isFiles(event) && event.preventDefault());
    addEventListener('drop', event => {
      if (!isFiles(event)) return;
      event.preventDefault();
      depth = 0;
      show(0);
      this.add([...event.dataTransfer.files]);
    });
  }
}

const dataUri = file => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result);
  reader.onerror = () => reject(reader.error);
  reader.readAsDataURL(file);
});
