// What comes in: the firmware's table in /sys. What goes out: Ansible's bios_*, board_*, chassis_*, product_*, form_factor and system_vendor.
// Not here: dmidecode, for kernels without /sys. Serial numbers can be read by root only, and are `NA` otherwise, as with Ansible.
import type { Fact } from './fact.js';

const DMI = '/sys/devices/virtual/dmi/id';
const NAMES = [
  'bios_date', 'bios_vendor', 'bios_version', 'board_asset_tag', 'board_name', 'board_serial', 'board_vendor', 'board_version', 'chassis_asset_tag', 'chassis_serial', 'chassis_vendor', 'chassis_version',
  'product_name', 'product_serial', 'product_uuid', 'product_version',
];
/** System Management BIOS specification (DSP0134), table 17. */
const FORM_FACTORS = [
  'Unknown', 'Other', 'Unknown', 'Desktop', 'Low Profile Desktop', 'Pizza Box', 'Mini Tower', 'Tower', 'Portable', 'Laptop', 'Notebook', 'Hand Held', 'Docking Station', 'All In One', 'Sub Notebook', 'Space-saving',
  'Lunch Box', 'Main Server Chassis', 'Expansion Chassis', 'Sub Chassis', 'Bus Expansion Chassis', 'Peripheral Chassis', 'RAID Chassis', 'Rack Mount Chassis', 'Sealed-case PC', 'Multi-system', 'CompactPCI',
  'AdvancedTCA', 'Blade', 'Blade Enclosure', 'Tablet', 'Convertible', 'Detachable', 'IoT Gateway', 'Embedded PC', 'Mini PC', 'Stick PC',
];

export const dmi: Fact = {
  name: 'dmi',
  files: [...NAMES, 'chassis_type', 'sys_vendor', 'product_family'].map((name) => `${DMI}/${name}`),
  ansible: (_output, files) => {
    const read = (name: string): string => files.text(`${DMI}/${name}`) ?? 'NA';
    const form = read('chassis_type');
    return { ...Object.fromEntries(NAMES.map((name) => [name, read(name)])), form_factor: form === 'NA' ? form : (FORM_FACTORS[Number(form)] ?? `unknown (${form})`), system_vendor: read('sys_vendor') };
  },
};
